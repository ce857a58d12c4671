"""`rules/vocabulary.yaml`: read, checked, versioned."""

import re

from shared.kernel.text import Text
from shared.rulekit.faults import Place
from shared.rulekit.reading import Reader
from shared.rulekit.tree import Entries, Node, Scalar, version_of
from shared.rulekit.vocabulary import CHOICE_TYPES, FACT_TYPES, Fact, Vocabulary

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RESERVED = {"all", "any", "not", "segment", "id", "sid"}  # groups of the language; names the rules engine crashes on


def read_vocabulary(node: Node, reader: Reader) -> Vocabulary:
    """Return the vocabulary of a file; faulty facts are left out and noted.

    Codes: bad_name, reserved_name, duplicate_column, no_values, bad_value, and those of `Reader`.
    """
    parts = reader.fields(node, node.place, ("facts",))
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


def _read_fact(name: Scalar, node: Node, reader: Reader) -> Fact | None:
    if not _NAME.fullmatch(name.text):
        reader.findings.add(name.place, "bad_name", f"{name.text!r} is not lower case letters, digits and underscores")
        return None
    if name.text in _RESERVED:
        reader.findings.add(name.place, "reserved_name", f"a fact cannot be called {name.text!r}")
        return None
    parts = reader.fields(node, node.place, ("type", "owner", "column", "zh", "en"), ("unit", "values"))
    fact_type = reader.word(parts.get("type"), FACT_TYPES)
    column = reader.text(parts.get("column"))
    if column and not _NAME.fullmatch(column):
        reader.findings.add(parts["column"].place, "bad_name", f"{column!r} cannot be a column")
    return Fact(
        name=name.text,
        type=fact_type,
        owner=reader.text(parts.get("owner")),
        column=column,
        label=Text(reader.text(parts.get("zh")), reader.text(parts.get("en"))),
        unit=reader.text(parts.get("unit")),
        values=_read_values(parts.get("values"), node.place, reader, wanted=fact_type in CHOICE_TYPES),
    )


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
        if not _CODE.fullmatch(code.text):
            reader.findings.add(code.place, "bad_value", f"{code.text!r} is not letters, digits, underscores, hyphens")
            continue
        if isinstance(label, Entries):
            values[code.text] = reader.bilingual(label, label.place)
        else:
            values[code.text] = Text(reader.text(label), code.text.replace("_", " "))
    return values
