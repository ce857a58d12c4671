"""Conditions: the operators each fact knows, with the literals of its type."""

from collections.abc import Iterable, Mapping

from shared.rulekit.json_schema.parts import DATE, SPAN_OF_DAYS, Schema, mapping, one_of
from shared.rulekit.reading.conditions import AGES, LARGEST_FACTOR, LISTS, MOST_VALUES, OPERATORS, ORDER, SIZES
from shared.rulekit.vocabulary import (
    CHOICE_TYPES,
    LARGEST_INTEGER,
    LARGEST_NUMBER,
    LONGEST_TEXT,
    ORDERED_TYPES,
    Fact,
    FactType,
)

_LARGEST_YUAN = LARGEST_INTEGER // 100
_SIZE: Schema = {"type": "integer"}
_SIZES = {**dict.fromkeys(SIZES, _SIZE), "between": {"type": "array", "minItems": 2, "maxItems": 2, "items": _SIZE}}
_MEANINGS = {
    "equals": "等于 · equals",
    "not_equals": "不等于 · does not equal",
    "at_least": "不少于 · this or more",
    "more_than": "多于 · more than this",
    "at_most": "不多于 · this or less",
    "less_than": "少于 · less than this",
    "before": "早于该日 · before this day",
    "after": "晚于该日 · after this day",
    "between": "介于两者之间（含两端） · from low to high, both included",
    "one_of": "属于其中之一 · one of these",
    "none_of": "不属于其中任何一个 · none of these",
    "contains_any": "至少包含其中之一 · holds one of these or more",
    "contains_all": "全部包含 · holds all of these",
    "contains_none": "全不包含 · holds none of these",
    "size": "集合大小 · how many values the set has",
    "older_than": "早于若干天以前 · more than so many days ago",
    "within": "最近若干天以内 · today or up to so many days ago",
    "is_known": "是否已知 · whether it is known at all",
}


def condition_schemas(facts: Mapping[str, Fact], segments: Iterable[str] | None) -> dict[str, Schema]:
    """Return the definitions `condition` and `fact.<name>`; without segments none may be named."""
    name = "condition"
    part = {"$ref": f"#/$defs/{name}"}
    parts = {"type": "array", "minItems": 1, "items": part}
    properties: dict[str, Schema] = {
        "all": {"description": "全部成立 · every part holds", **parts},
        "any": {"description": "至少一个成立 · one part or more holds", **parts},
        "not": {"description": "不成立 · the part does not hold", **part},
    }
    if segments is not None:
        properties["segment"] = one_of(sorted(segments), description="属于该客户群 · is in the segment")
    properties |= {fact: {"$ref": f"#/$defs/fact.{fact}"} for fact in facts}
    described = "条件 · A condition: facts, all, any, not, segment; several in one mapping must all hold."
    found: dict[str, Schema] = {name: mapping(properties, least=1, description=described)}
    for fact in facts.values():
        own = _own(fact)
        if own not in found:
            found |= {own: _tests(fact, facts), f"{own}.value": literal(fact)}
        title = f"{fact.label.zh} · {fact.label.en}"
        found[f"fact.{fact.name}"] = {"title": title, "description": _described(fact), "$ref": f"#/$defs/{own}"}
    return found


def _own(fact: Fact) -> str:
    """Return the name of what may stand behind a fact: the same for all facts of a type that lists no values."""
    return f"values.{fact.name}" if fact.type in CHOICE_TYPES else f"type.{fact.type}"


def _tests(fact: Fact, facts: Mapping[str, Fact]) -> Schema:
    """Return what may stand behind a fact: a value it equals, or operators."""
    tests = mapping({name: _operand(fact, name, facts) for name in (*OPERATORS[fact.type], "is_known")}, least=1)
    return tests if fact.type == "set" else {"anyOf": [_value(fact), tests]}


def _value(fact: Fact) -> Schema:
    return {"$ref": f"#/$defs/{_own(fact)}.value"}


_LITERALS: Mapping[FactType, Schema] = {
    "integer": {"type": "integer", "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER},
    "money": {"type": "number", "minimum": -_LARGEST_YUAN, "maximum": _LARGEST_YUAN},
    "number": {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER},
    "boolean": {"type": "boolean"},
    "date": DATE,
    "text": {"type": "string", "maxLength": LONGEST_TEXT},
}


def literal(fact: Fact) -> Schema:
    """Return the schema of a value that the fact is compared with; money in yuan."""
    return _code(fact) if fact.type in CHOICE_TYPES else _LITERALS[fact.type]


def _code(fact: Fact) -> Schema:
    """Return the schema of a permitted value; an editor takes `001` for a number, the readers for what is written."""
    words = one_of(fact.values)
    is_plain = not any(code[0] in "-0123456789" or code in {"true", "false", "null"} for code in fact.values)
    return words if is_plain else {"anyOf": [words, {"type": ["number", "boolean"]}]}


def _operand(fact: Fact, operator: str, facts: Mapping[str, Fact]) -> Schema:
    return {**_shape(fact, operator, facts), "description": _MEANINGS[operator]}


def _shape(fact: Fact, operator: str, facts: Mapping[str, Fact]) -> Schema:
    value = _value(fact)
    if operator in LISTS:
        return {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": value}
    if operator in AGES:
        return SPAN_OF_DAYS
    if operator in ORDER:
        return {"anyOf": [value, _other(fact, facts)]} if fact.type in ORDERED_TYPES else value
    special: Mapping[str, Schema] = {
        "is_known": {"type": "boolean"},
        "between": {"type": "array", "minItems": 2, "maxItems": 2, "items": value},
        "size": {"anyOf": [_SIZE, mapping(_SIZES, least=1)]},
    }
    return special[operator]


def _other(fact: Fact, facts: Mapping[str, Fact]) -> Schema:
    properties: dict[str, Schema] = {"fact": one_of(other.name for other in facts.values() if other.type == fact.type)}
    if fact.type != "date":
        properties["times"] = {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_FACTOR}
    return mapping(properties, ("fact",))


def _described(fact: Fact) -> str:
    values = "; ".join(f"{code}: {label.zh} · {label.en}" for code, label in fact.values.items())
    return f"{fact.type}{f', {fact.unit}' if fact.unit else ''}{f'. {values}' if values else ''}"
