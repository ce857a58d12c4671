"""From a subscriber's facts to the text the engine is given: one prepared writer for each fact of a ruleset.

The way of each fact is chosen once, when a programme is compiled, and not for every subscriber: that is where the time
of a decision went. Values are checked on the way; what the quick check does not recognise, `known_value` judges.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

from shared.rulekit.durable_backend.fields import Field, FieldTable, sign_of, whole
from shared.rulekit.facts import Facts, FactValue, KnownValue, known_value, scaled
from shared.rulekit.vocabulary import LARGEST_INTEGER, LARGEST_NUMBER, LONGEST_TEXT, SCALE, Fact

_MOST_BYTES_A_LETTER = 4
Known = Mapping[str, KnownValue]
"""Checked values by fact; what is unknown is left out."""
Read = Callable[[FactValue], KnownValue | None]
_Write = Callable[[Any], str]  # of a value that its fact's reader let through


def text_of(field: str, number: int) -> str:
    """Return one field of a message: names and numbers are ours, so nothing needs escaping."""
    return f',"{field}":{number}'


@dataclass(frozen=True, slots=True)
class Message:
    """Writes what one ruleset reads, on one day of judgement; each text is JSON fields led by commas."""

    constant: str
    facts: tuple[tuple[str, _Write, str], ...]
    """Name, its fields for a value, its fields for none."""
    signs: tuple[tuple[str, str, Callable[[Any, Any], str]], ...]
    parts: tuple[str, ...]

    def text(self, known: Known, held: Collection[str]) -> str:
        """Return the message about one subscriber; `held` are the parts that came out true in earlier stages."""
        texts = [write(value) if (value := known.get(name)) is not None else blank for name, write, blank in self.facts]
        texts += [
            compare(known[left], known[right]) for left, right, compare in self.signs if {left, right} <= known.keys()
        ]
        texts += [text_of(part, int(part in held)) for part in self.parts]
        return self.constant + "".join(texts)


def message_of(fields: Sequence[Field], table: FieldTable, on: date) -> Message:
    """Prepare the message of a ruleset that reads these fields."""
    constant, parts, signs = "", [], []
    by_fact: dict[str, list[Field]] = {}
    for one in fields:
        name = table.name(one)
        match one.kind:
            case "in_force":
                constant += text_of(name, int(table.book.segments[one.of].valid_for.covers(on)))
            case "part":
                parts.append(name)
            case "sign":
                signs.append((one.of, one.other, _signs(one, name)))
            case _:
                by_fact.setdefault(one.of, []).append(one)
    facts = tuple((name, *_of_fact(some, table, on)) for name, some in by_fact.items())
    return Message(constant, facts, tuple(signs), tuple(parts))


def _of_fact(fields: list[Field], table: FieldTable, on: date) -> tuple[_Write, str]:
    """Return how the fields of one fact are written for a value, and what is written when it is unknown."""
    fact = table.book.vocabulary[fields[0].of]
    writers = [_writer(one, fact, table, on) for one in fields]
    blank = "".join(text_of(table.name(one), 0) for one in fields if one.kind == "known")
    values: tuple[object, ...] = (True, False) if fact.type == "boolean" else tuple(fact.values)
    if fact.type in {"boolean", "enum"}:  # few values: all written beforehand
        return {value: "".join(write(value) for write in writers) for value in values}.__getitem__, blank
    if len(writers) == 1:
        return writers[0], blank
    return lambda value: "".join([write(value) for write in writers]), blank


def _writer(wanted: Field, fact: Fact, table: FieldTable, on: date) -> _Write:  # noqa: PLR0911 - one for each kind
    name = table.name(wanted)
    yes, no, head, today = text_of(name, 1), text_of(name, 0), f',"{name}":', on.toordinal()
    values = frozenset(wanted.values)
    match wanted.kind, fact.type:
        case "known", _:
            return lambda _: yes
        case "code", _:
            codes = {text: text_of(name, code) for text, code in table.codes[wanted.of].items()}
            return lambda value: codes.get(value, no)
        case "age", _:
            return lambda value: f"{head}{today - value.toordinal()}"
        case "one_of", _:
            return lambda value: yes if value in values else no
        case "overlaps", _:
            return lambda value: no if values.isdisjoint(value) else yes
        case "includes", _:
            return lambda value: yes if values <= value else no
        case "size", _:
            return lambda value: f"{head}{len(value)}"
        case _, "number":
            return lambda value: f"{head}{scaled(value)}"
        case _, "integer" | "money":
            return lambda value: f"{head}{value}"
        case _:
            return lambda value: f"{head}{whole(value)}"


def _signs(wanted: Field, name: str) -> Callable[[Any, Any], str]:
    texts = {sign: text_of(name, sign) for sign in (-1, 0, 1)}
    times = wanted.times
    return lambda value, other: texts[sign_of(whole(value), whole(other), times)]


def known_facts(facts: Facts, readers: Sequence[tuple[str, Read]]) -> dict[str, KnownValue]:
    """Return the values of the facts that have readers, in the form of `known_value`; raises InvalidFact."""
    return {name: value for name, read in readers if (value := read(facts.get(name))) is not None}


def reader_of(fact: Fact) -> Read:
    """Return what does for one fact what `known_value` does for all, most values recognised at a glance."""
    match fact.type:
        case "integer" | "money":
            return lambda value: value if _integer(value) else known_value(fact, value)
        case "number":
            return lambda value: value if _number(value) else known_value(fact, value)
        case "boolean":
            return lambda value: value if value is True or value is False else known_value(fact, value)
        case "enum":
            return lambda value: value if type(value) is str and value in fact.values else known_value(fact, value)
        case "text":
            return lambda value: value if _plain(value) else known_value(fact, value)
        case "set":
            permitted = frozenset(fact.values)
            return lambda value: _several(value, permitted) or known_value(fact, value)
        case _:
            return lambda value: known_value(fact, value)


def _integer(value: object) -> TypeGuard[int]:
    return type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER


def _number(value: object) -> TypeGuard[float]:
    return type(value) is float and -LARGEST_NUMBER <= value <= LARGEST_NUMBER and round(value * SCALE) / SCALE == value


def _plain(value: object) -> TypeGuard[str]:
    return type(value) is str and value.isprintable() and len(value) * _MOST_BYTES_A_LETTER <= LONGEST_TEXT


def _several(value: object, permitted: frozenset[str]) -> frozenset[str] | None:
    if type(value) is not list and type(value) is not frozenset:
        return None
    try:
        members = frozenset(value)
    except TypeError:  # of something that is no text
        return None
    return members if members <= permitted else None
