"""One schema for each kind of rule."""

from collections.abc import Collection, Mapping
from typing import get_args

from shared.contracts.wire import CHANNELS, LIST_NAMES, Direction, Outcome, Purpose
from shared.rulekit.faults import Findings
from shared.rulekit.json_schema.conditions import condition_schemas
from shared.rulekit.json_schema.parts import (
    ANY_SPAN,
    DATE,
    NAMES,
    RULE_ID,
    TIME_OF_DAY,
    WORDS,
    Schema,
    mapping,
    one_of,
    some_of,
    texts,
    whole,
)
from shared.rulekit.model import LEVELS, Calendar, CoolingOff, NotWithin, OverriddenBy, Per, RepeatOf, RuleBook
from shared.rulekit.reading.conflicts import CONFLICT_KINDS
from shared.rulekit.reading.policies import DAYS, POLICY_KINDS
from shared.rulekit.reading.ranking import MOST_PRIORITY, MOST_YUAN, RANKING_FIELDS
from shared.rulekit.reading.rules import ELIGIBILITY_FIELDS, EVERY, SEGMENT_FIELDS, RuleReader
from shared.rulekit.reading.triggers import FEWEST_STEPS, MOST_EVENTS, MOST_STEPS, trigger_kinds

_WHEN: Schema = {"$ref": "#/$defs/condition"}
_OF_EVERY: Mapping[str, Schema] = {
    "id": {**RULE_ID, "description": "与文件夹同名 · as the folder is called"},
    "owner": {**WORDS, "description": "负责部门 · who answers for the rule"},
    "because": {**texts(), "description": "理由 · the reason, with {places}"},
    "valid_for": mapping(
        {"from": DATE, "to": DATE}, description="有效期（含两端） · in force from and to, both included"
    ),
}
_MEMBERS: Schema = mapping({"categories": NAMES, "campaigns": NAMES, "offerings": NAMES}, least=1)
_APPLIES_TO: Schema = mapping(
    {
        "directions": some_of(get_args(Direction)),
        "purposes": some_of(get_args(Purpose)),
        "channels": some_of(CHANNELS),
        "categories": NAMES,
        "campaigns": NAMES,
    },
    description="适用的接触，空为全部 · which contacts; empty or absent means all",
)
_SPAN_OF_HOURS: Mapping[str, Schema] = {"from": TIME_OF_DAY, "to": TIME_OF_DAY}


def segment_schema(book: RuleBook) -> Schema:
    """Return the schema of a rule under `segments/`."""
    parts = {"when": _WHEN, "classifies": RULE_ID, "order": whole(0)}
    together = {"dependentRequired": {"classifies": ["order"], "order": ["classifies"]}}
    return _rule(SEGMENT_FIELDS, parts) | together | {"$defs": condition_schemas(book.vocabulary.facts, book.segments)}


def eligibility_schema(book: RuleBook) -> Schema:
    """Return the schema of a rule under `eligibility/`."""
    meanings = "; ".join(f"{level}: {label.zh}" for level, label in LEVELS.items())
    parts = {"level": one_of(LEVELS, description=meanings), "when": _WHEN}
    return _rule(ELIGIBILITY_FIELDS, parts) | {"$defs": condition_schemas(book.vocabulary.facts, book.segments)}


def conflict_schema(book: RuleBook) -> Schema:
    """Return the schema of a rule under `conflicts/`."""
    held = book.vocabulary.facts.get("products")
    parts = {
        "members": _MEMBERS,
        "winner": _MEMBERS,
        "loser": _MEMBERS,
        "offering": WORDS,
        "products": some_of(held.values, least=1) if held else {**NAMES, "minItems": 1},
        "same": one_of(get_args(NotWithin.__annotations__["same"])),
        "span": ANY_SPAN,
    }
    return _by_kind({name: (kind.required, kind.optional) for name, kind in CONFLICT_KINDS.items()}, parts)


def policy_schema(_book: RuleBook) -> Schema:
    """Return the schema of a rule under `contact_policy/`."""
    units = get_args(Calendar.__annotations__["unit"])
    window = mapping({"rolling": ANY_SPAN, "calendar": one_of(units)}, least=1, maxProperties=1)
    weekly = mapping({"days": some_of(DAYS, least=1), **_SPAN_OF_HOURS}, ("days", "from", "to"))
    parts: dict[str, Schema] = {
        "applies_to": _APPLIES_TO,
        "per": one_of(get_args(Per)),
        "limit": whole(0),
        "window": window,
        "at_least": ANY_SPAN,
        "weekly": {"type": "array", "items": weekly},
        "holidays": mapping({"dates": {"type": "array", "items": DATE}, **_SPAN_OF_HOURS}, ("dates", "from", "to")),
        "after": some_of(get_args(Outcome), least=1),
        "same": one_of(get_args(CoolingOff.__annotations__["same"])),
        "span": ANY_SPAN,
        "list": one_of(LIST_NAMES),
        "override": one_of(
            get_args(OverriddenBy), description="谁可解除，无则不可解除 · who may lift it; absent: nobody"
        ),
        "of": one_of(
            get_args(RepeatOf), description="不重复什么，默认同一产品 · what is not repeated; absent: the same offering"
        ),
        "zone": {**WORDS, "examples": ["Asia/Shanghai"]},
    }
    day = mapping({"calendar": one_of(("hour", "day"))}, ("calendar",))
    return _by_kind(
        {name: (kind.required, kind.optional) for name, kind in POLICY_KINDS.items()},
        parts,
        special={"capacity": {"window": day}},
    )


def trigger_schema(book: RuleBook) -> Schema:
    """Return the schema of a rule under `triggers/`."""
    event: Schema = {"$ref": "#/$defs/event"}
    parts: dict[str, Schema] = {
        "event": one_of(book.events),
        "where": {"type": "object"},
        "at_least": whole(1, MOST_EVENTS),
        "within": ANY_SPAN,
        "steps": {"type": "array", "minItems": FEWEST_STEPS, "maxItems": MOST_STEPS, "items": event},
        "after": event,
        "without": event,
        "for": ANY_SPAN,
        "when": _WHEN,
        "again_after": ANY_SPAN,
    }
    kinds = trigger_kinds(RuleReader.over(book.vocabulary, Findings()), book.events)
    schema = _by_kind({name: (kind.required, kind.optional) for name, kind in kinds.items()}, parts)
    matches, definitions = _event_schemas(book)
    schema["allOf"] = [*schema["allOf"], *matches]
    named = mapping({"event": one_of(book.events), "where": {"type": "object"}}, ("event",), allOf=matches)
    conditions = condition_schemas(book.vocabulary.facts, book.segments)
    return schema | {"$defs": {**conditions, **definitions, "event": named}}


def _event_schemas(book: RuleBook) -> tuple[list[Schema], dict[str, Schema]]:
    """Return what `where` may say of each event, as branches and as the definitions these refer to."""
    matches: list[Schema] = []
    definitions: dict[str, Schema] = {}
    for event in book.events.values():
        for name, schema in condition_schemas(event.attributes, None).items():
            definitions[f"{event.name}.{name}"] = _moved(schema, f"#/$defs/{event.name}.")
        described = f"{event.label.zh} · {event.label.en}"
        where = {"$ref": f"#/$defs/{event.name}.condition", "description": described}
        named = {"properties": {"event": {"const": event.name}}, "required": ["event"]}
        matches.append({"if": named, "then": {"properties": {"where": where}}})
    return matches, definitions


def _moved(schema: Schema, start: str) -> dict[str, object]:
    """Return a schema whose references begin with `start` instead of `#/$defs/`."""

    def moved(node: object) -> object:
        if isinstance(node, Mapping):
            return _moved(node, start)
        return [moved(item) for item in node] if isinstance(node, list) else node

    return {
        key: str(value).replace("#/$defs/", start) if key == "$ref" else moved(value) for key, value in schema.items()
    }


def ranking_schema(_book: RuleBook) -> Schema:
    """Return the schema of a rule under `ranking/`."""
    yuan, chance, priority = _figure(float(MOST_YUAN)), _figure(1), _figure(float(MOST_PRIORITY))
    parts: dict[str, Schema] = {
        "ranks": _MEMBERS,
        "order": whole(0),
        "value": _bounds(yuan),
        "propensity": mapping(dict.fromkeys(("at_least", "at_most", "otherwise"), chance), (*_BOUNDS, "otherwise")),
        "priority": _bounds(priority),
    }
    return _rule(RANKING_FIELDS, parts)


_BOUNDS = ("at_least", "at_most")


def _bounds(figure: Schema) -> Schema:
    return mapping(dict.fromkeys(_BOUNDS, figure), _BOUNDS)


def _figure(most: float) -> Schema:
    return {"type": "number", "minimum": 0, "maximum": most}


def _rule(fields: tuple[Collection[str], Collection[str]], parts: Mapping[str, Schema]) -> dict[str, object]:
    required, optional = fields
    properties = {**_OF_EVERY, **{name: parts[name] for name in (*required, *optional)}}
    return mapping(properties, (*EVERY, *required))


def _by_kind(
    kinds: Mapping[str, tuple[Collection[str], Collection[str]]],
    parts: Mapping[str, Schema],
    special: Mapping[str, Mapping[str, Schema]] | None = None,
) -> dict[str, list[object]]:
    """Return a schema that chooses by `kind`; `special` says what a part is in one kind only."""
    branches = []
    for name, fields in kinds.items():
        own = {**parts, **(special or {}).get(name, {}), "kind": {"const": name}}
        branch = _rule((("kind", *fields[0]), fields[1]), own)
        branches.append({"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": branch})
    return {"type": "object", "required": ["kind"], "properties": {"kind": one_of(kinds)}, "allOf": branches}  # type: ignore[dict-item]  # a schema is of any depth; the type of its parts is not
