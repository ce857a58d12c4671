"""The schema of `cases.yaml`: what a case says tells which kind it is for."""

from collections.abc import Mapping
from typing import get_args

from shared.contracts.wire import CHANNELS, LIST_NAMES, OUTCOMES, Direction, Purpose
from shared.rulekit.cases.model import TRUTHS
from shared.rulekit.json_schema.conditions import literal
from shared.rulekit.json_schema.parts import (
    ANY_SPAN,
    DATE,
    MOMENT,
    NAME,
    NAMES,
    RULE_ID,
    WORDS,
    Schema,
    mapping,
    one_of,
    texts,
    whole,
)
from shared.rulekit.model import RuleBook
from shared.rulekit.vocabulary import Fact

_BECAUSE = texts(required=False)
_TRUTH = {"enum": [True, False, "unknown"]}
_NUMBER: Schema = {"type": "number"}
_REFERENCES: Mapping[str, Schema] = {"campaign": WORDS, "offering": WORDS}
assert set(TRUTHS) == {"true", "false", "unknown"}  # noqa: S101 - the same words as the readers'


def case_schema(book: RuleBook) -> Schema:
    """Return the schema of a list of cases; money in yuan."""
    facts = _values(book.vocabulary.facts)
    told = {**_expected(), "request": _contact({"similar_to": NAMES}), "expect": one_of(("permit", "suppress"))}
    seeds: dict[str, Schema] = {
        "title": WORDS,
        "history": {"type": "array", "items": _contact()},
        "lists": {"type": "array", "items": _listing()},
        "overrides": {"type": "array", "items": _override()},
        "already": whole(0),
        "with": NAMES,
    }
    step = mapping({**told, "at": MOMENT, "advance": ANY_SPAN, "outcome": one_of(OUTCOMES)}, ("request", "expect"))
    branches = {
        "candidates": _conflict(),
        "request": mapping({**seeds, **told, "at": MOMENT}, ("title", "request", "expect")),
        "steps": mapping({**seeds, "steps": {"type": "array", "minItems": 1, "items": step}}, ("title", "steps")),
        "events": _trigger(book, facts),
        "offer": _ranking(),
        "facts": mapping(
            {"title": WORDS, "facts": facts, "on": DATE, "expect": _TRUTH, "because": _BECAUSE},
            ("title", "facts", "expect"),
        ),
    }
    return {"type": "array", "minItems": 1, "items": _first_key(branches)}


def _first_key(branches: Mapping[str, Schema]) -> Schema:
    """Return a schema that chooses by the first of these keys that is there."""
    schema: Schema = {"type": "object", "required": ["title", "expect"]}
    for key, branch in reversed(list(branches.items())):
        schema = {"if": {"required": [key]}, "then": branch, "else": schema}
    return schema


def _values(facts: Mapping[str, Fact]) -> Schema:
    return mapping({fact.name: _value(fact) for fact in facts.values()})


def _value(fact: Fact) -> Schema:
    value = {"type": "array", "items": literal(fact)} if fact.type == "set" else literal(fact)
    return {"title": f"{fact.label.zh} · {fact.label.en}", "anyOf": [value, {"type": "null"}]}


def _expected() -> dict[str, Schema]:
    later = {"anyOf": [MOMENT, {"type": "null"}]}
    return {"next_allowed_at": later, "because": _BECAUSE, "reasons": NAMES}


def _contact(also: Mapping[str, Schema] | None = None) -> Schema:
    return mapping(
        {
            **_REFERENCES,
            "category": WORDS,
            "channel": one_of(CHANNELS),
            "purpose": one_of(get_args(Purpose)),
            "direction": one_of(get_args(Direction)),
            "zone": WORDS,
            "at": MOMENT,
            "outcome": one_of(OUTCOMES),
            **(also or {}),
        }
    )


def _override() -> Schema:
    scope = {"rule": RULE_ID, "channel": one_of(CHANNELS), "category": WORDS}
    return mapping({**scope, "starts_at": MOMENT, "ends_at": MOMENT}, ("ends_at",))


def _listing() -> Schema:
    return mapping(
        {
            "list": one_of(LIST_NAMES),
            "channel": one_of(CHANNELS),
            "category": WORDS,
            "starts_at": MOMENT,
            "ends_at": MOMENT,
            "reason": WORDS,
            "source": WORDS,
        },
        ("list",),
    )


def _conflict() -> Schema:
    offer: dict[str, Schema] = {
        **_REFERENCES,
        "categories": {**NAMES, "minItems": 1},
        "score": _NUMBER,
        "priority": whole(0),
        "similar_to": NAMES,
        "at": MOMENT,
    }
    needed = ("campaign", "offering", "categories")
    return mapping(
        {
            "title": WORDS,
            "candidates": {"type": "array", "items": mapping(offer, (*needed, "score"))},
            "products": NAMES,
            "history": {"type": "array", "items": mapping(offer, (*needed, "at"))},
            "at": MOMENT,
            "with": NAMES,
            "expect": {"type": "array", "items": NAME},
            "because": _BECAUSE,
        },
        ("title", "candidates", "expect"),
    )


def _trigger(book: RuleBook, facts: Schema) -> Schema:
    matches = [
        {
            "if": {"properties": {"event": {"const": event.name}}, "required": ["event"]},
            "then": {"properties": {"attributes": _values(event.attributes)}},
        }
        for event in book.events.values()
    ]
    event = mapping(
        {"event": one_of(book.events), "at": MOMENT, "attributes": {"type": "object"}}, ("event", "at"), allOf=matches
    )
    return mapping(
        {
            "title": WORDS,
            "events": {"type": "array", "items": event},
            "at": MOMENT,
            "facts": facts,
            "last_fired_at": MOMENT,
            "expect": _TRUTH,
            "because": _BECAUSE,
        },
        ("title", "events", "at", "expect"),
    )


def _ranking() -> Schema:
    figure = {"type": ["number", "null"]}
    offer = mapping(
        {**_REFERENCES, "category": WORDS, "value": _NUMBER, "propensity": figure, "priority": _NUMBER},
        ("campaign", "offering", "category", "value", "priority"),
    )
    return mapping({"title": WORDS, "offer": offer, "expect": figure}, ("title", "offer", "expect"))
