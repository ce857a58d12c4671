"""The schema of `vocabulary.yaml`."""

from shared.rulekit.json_schema.parts import NAMES, WORDS, Schema, mapping, one_of, texts
from shared.rulekit.reading.vocabulary import CODE, NAME, RESERVED
from shared.rulekit.vocabulary import CHOICE_TYPES, FACT_TYPES

_TYPED: dict[str, Schema] = {
    "type": one_of(FACT_TYPES),
    "zh": WORDS,
    "en": WORDS,
    "unit": WORDS,
    "values": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{CODE.pattern}$"},
        "additionalProperties": {"anyOf": [WORDS, texts()]},
        "description": "允许的取值与名称 · permitted values and what they are called",
    },
}
_CHOOSES = {"properties": {"type": one_of(sorted(CHOICE_TYPES))}, "required": ["type"]}
_VALUES = {"if": _CHOOSES, "then": {"required": ["values"]}, "else": {"properties": {"values": False}}}


def vocabulary_schema() -> Schema:
    """Return the schema of the facts and events of a folder of rules."""
    column = {"type": "string", "pattern": f"^{NAME.pattern}$"}
    fact = mapping(
        {**_TYPED, "owner": WORDS, "column": column, "held_by": NAMES},
        ("type", "owner", "column", "zh", "en"),
        allOf=[_VALUES],
    )
    attribute = mapping(_TYPED, ("type", "zh", "en"), allOf=[_VALUES])
    event = mapping({"owner": WORDS, "zh": WORDS, "en": WORDS, "attributes": _named(attribute)}, ("owner", "zh", "en"))
    return mapping({"facts": _named(fact), "events": _named(event)}, ("facts",))


def _named(schema: Schema) -> Schema:
    names = {"pattern": f"^{NAME.pattern}$", "not": one_of(sorted(RESERVED))}
    return {"type": "object", "propertyNames": names, "additionalProperties": schema}
