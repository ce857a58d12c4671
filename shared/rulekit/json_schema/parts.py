"""The small shapes that rules are made of."""

from collections.abc import Iterable, Mapping

from shared.rulekit.reading.reader import ID, LONGEST_WORDS, SPAN, TIME

Schema = Mapping[str, object]

DATE: Schema = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-03-02"]}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*([Zz]|[+-][0-9]{2}:?[0-9]{2})$",
    "examples": ["2026-03-02T10:00:00+08:00"],
}
TIME_OF_DAY: Schema = {"type": "string", "pattern": f"^{TIME.pattern}$", "examples": ["21:00"]}
_WRITTEN = ["string", "number", "boolean"]  # readers take the letters, whatever YAML takes them for
WORDS: Schema = {"type": _WRITTEN, "minLength": 1, "maxLength": LONGEST_WORDS}
NAME: Schema = {"type": _WRITTEN}
NAMES: Schema = {"type": "array", "items": NAME}
RULE_ID: Schema = {"type": _WRITTEN, "pattern": f"^{ID.pattern}$"}
SPAN_OF_DAYS: Schema = {
    "type": "string",
    "pattern": f"^{SPAN.pattern.replace('[hdw]', '[dw]')}$",
    "examples": ["30d", "2w"],
}
ANY_SPAN: Schema = {"type": "string", "pattern": f"^{SPAN.pattern}$", "examples": ["24h", "7d", "2w"]}


def one_of(words: Iterable[str], **more: object) -> Schema:
    """Return the schema of one word of a closed list."""
    return {"enum": list(words), **more}


def some_of(words: Iterable[str], *, least: int = 0) -> Schema:
    """Return the schema of a list of words of a closed list."""
    return {"type": "array", "minItems": least, "items": one_of(words)}


def whole(least: int, most: int | None = None) -> Schema:
    """Return the schema of a whole number within bounds, both included."""
    return {"type": "integer", "minimum": least} | ({} if most is None else {"maximum": most})


def mapping(
    properties: Mapping[str, Schema], required: Iterable[str] = (), *, least: int = 0, **more: object
) -> dict[str, object]:
    """Return the schema of a mapping with these keys and no others."""
    schema: dict[str, object] = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    wanted = list(required)
    return schema | ({"required": wanted} if wanted else {}) | ({"minProperties": least} if least else {}) | more


def texts(*, required: bool = True) -> Schema:
    """Return the schema of words in Chinese and English."""
    return mapping({"zh": WORDS, "en": WORDS}, ("zh", "en") if required else ())
