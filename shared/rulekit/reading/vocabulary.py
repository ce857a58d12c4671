"""`rules/vocabulary.yaml`: read, checked, versioned."""

import dataclasses
import re
from collections.abc import Mapping

from shared.kernel.text import Text
from shared.rulekit.faults import Place
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Node, Scalar, version_of
from shared.rulekit.triggers import EventType
from shared.rulekit.vocabulary import CHOICE_TYPES, FACT_TYPES, Fact, Vocabulary

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED = {"all", "any", "not", "segment", "id", "sid"}  # groups of the language; names the rules engine crashes on

REPLICAS: Mapping[str, frozenset[str]] = {"customer_view": frozenset({"campaigns"})}
"""Who holds all facts of an owner unless `held_by` says otherwise: `customers_changed` carries every known fact."""


def read_vocabulary(node: Node, reader: Reader) -> Vocabulary:
    """Return the vocabulary of a file; faulty facts are left out and noted.

    Codes: bad_name, reserved_name, duplicate_column, no_values, bad_value, and those of `Reader`.
    """
    parts = reader.fields(node, node.place, ("facts",), ("events",))
    facts: dict[str, Fact] = {}
    columns: dict[tuple[str, str], str] = {}
    entries = parts.get("facts")
    if entries is not None and not isinstance(entries, Entries):
        reader.fields(entries, entries.place, ())
    for name, value in entries.entries if isinstance(entries, Entries) else ():
        fact = _read_fact(name, value, reader)
        if fact is None:
            continue
        taken = columns.setdefault((fact.owner, fact.column), fact.name)
        if taken != fact.name:
            reader.findings.add(value.place, "duplicate_column", f"{taken} is already stored in {fact.column!r}")
        facts[fact.name] = fact
    return Vocabulary(facts, version_of(node))


def read_events(node: Node, reader: Reader) -> dict[str, EventType]:
    """Return the types of events of a vocabulary file by name; faulty ones are left out and noted."""
    entries = node.get("events") if isinstance(node, Entries) else None
    if entries is not None and not isinstance(entries, Entries):
        reader.fields(entries, entries.place, ())
    events: dict[str, EventType] = {}
    for name, value in entries.entries if isinstance(entries, Entries) else ():
        if not _is_name(name, "an event", reader):
            continue
        parts = reader.fields(value, value.place, ("owner", "zh", "en"), ("attributes",))
        owner = reader.text(parts.get("owner"))
        attributes = _read_attributes(parts.get("attributes"), owner, reader)
        events[name.text] = EventType(name.text, owner, _label(parts, reader), attributes)
    return events


def _read_attributes(node: Node | None, owner: str, reader: Reader) -> dict[str, Fact]:
    if node is not None and not isinstance(node, Entries):
        reader.fields(node, node.place, ())
    attributes = {}
    for name, value in node.entries if isinstance(node, Entries) else ():
        if not _is_name(name, "an attribute", reader):
            continue
        parts = reader.fields(value, value.place, ("type", "zh", "en"), ("unit", "values"))
        attributes[name.text] = _typed(name.text, owner, name.text, parts, value.place, reader)
    return attributes


def _read_fact(name: Scalar, node: Node, reader: Reader) -> Fact | None:
    if not _is_name(name, "a fact", reader):
        return None
    parts = reader.fields(node, node.place, ("type", "owner", "column", "zh", "en"), ("unit", "values", "held_by"))
    column = reader.text(parts.get("column"))
    if column and not NAME.fullmatch(column):
        reader.findings.add(parts["column"].place, "bad_name", f"{column!r} cannot be a column")
    owner = reader.text(parts.get("owner"))
    fact = _typed(name.text, owner, column, parts, node.place, reader)
    held_by = reader.names(parts["held_by"]) if "held_by" in parts else REPLICAS.get(owner, frozenset())
    return dataclasses.replace(fact, held_by=held_by)


def _typed(name: str, owner: str, column: str, parts: Mapping[str, Node], place: Place, reader: Reader) -> Fact:
    fact_type = reader.word(parts.get("type"), FACT_TYPES)
    return Fact(
        name=name,
        type=fact_type,
        owner=owner,
        column=column,
        label=_label(parts, reader),
        unit=reader.text(parts.get("unit")),
        values=_read_values(parts.get("values"), place, reader, wanted=fact_type in CHOICE_TYPES),
    )


def _is_name(name: Scalar, what: str, reader: Reader) -> bool:
    if not NAME.fullmatch(name.text):
        reader.findings.add(name.place, "bad_name", f"{name.text!r} is not lower case letters, digits and underscores")
        return False
    if name.text in RESERVED:
        reader.findings.add(name.place, "reserved_name", f"{what} cannot be called {name.text!r}")
        return False
    return True


def _label(parts: Mapping[str, Node], reader: Reader) -> Text:
    return Text(reader.text(parts.get("zh")), reader.text(parts.get("en")))


def _read_values(node: Node | None, place: Place, reader: Reader, *, wanted: bool) -> dict[str, Text]:
    if node is None:
        if wanted:
            reader.findings.add(place, "no_values", "an enum or set lists its permitted values")
        return {}
    if not wanted or not isinstance(node, Entries) or not node.entries:
        reader.findings.add(node.place, "no_values", "values are for an enum or set: a mapping of code to label")
        return {}
    values = {}
    for code, label in node.entries:
        if not CODE.fullmatch(code.text):
            reader.findings.add(code.place, "bad_value", f"{code.text!r} is not letters, digits, underscores, hyphens")
            continue
        if isinstance(label, Entries):
            values[code.text] = reader.bilingual(label, label.place)
        else:
            values[code.text] = Text(reader.text(label), code.text.replace("_", " "))
    return values
