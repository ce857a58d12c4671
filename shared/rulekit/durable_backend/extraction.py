"""From a subscriber's facts to the text the engine is given: one prepared writer for each fact of a ruleset.

The way of each fact is chosen once, when a programme is compiled, and not for every subscriber: that is where the time
of a decision went. Values are checked on the way; what the quick check does not recognise, `known_value` judges.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.rulekit.durable_backend.fields import Field, FieldTable, sign_of, whole
from shared.rulekit.facts import Facts, FactValue, known_value, scaled
from shared.rulekit.vocabulary import LARGEST_INTEGER, LARGEST_NUMBER, LONGEST_TEXT, SCALE, Fact

_MOST_BYTES_A_LETTER = 4
_Write = Callable[[Any], str]  # of a checked value
_Writer = Callable[[FactValue], str]  # of a value as it comes


def text_of(field: str, number: int) -> str:
    """Return one field of a message: names and numbers are ours, so nothing needs escaping."""
    return f',"{field}":{number}'


@dataclass(frozen=True, slots=True)
class Message:
    """Writes what one ruleset reads, on one day of judgement; each text is JSON fields led by commas."""

    constant: str
    facts: tuple[tuple[str, _Writer], ...]
    signs: tuple[Callable[[Facts], str], ...]
    parts: tuple[str, ...]

    def text(self, facts: Facts, held: Collection[str]) -> str:
        """Return the message about one subscriber; `held` are the parts that came out true in earlier stages.

        Raises InvalidFact.
        """
        value_of = facts.get
        texts = [write(value_of(name)) for name, write in self.facts]
        texts += [sign(facts) for sign in self.signs]
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
                signs.append(_sign(one, name, table))
            case _:
                by_fact.setdefault(one.of, []).append(one)
    facts = tuple((name, _of_fact(some, table, on)) for name, some in by_fact.items())
    return Message(constant, facts, tuple(signs), tuple(parts))


def _of_fact(fields: list[Field], table: FieldTable, on: date) -> _Writer:
    """Return how the fields of one fact are written for a value as it comes."""
    fact = table.book.vocabulary[fields[0].of]
    writes = [_write(one, fact, table, on) for one in fields]
    write: _Write = writes[0] if len(writes) == 1 else lambda value: "".join([one(value) for one in writes])
    blank = "".join(text_of(table.name(one), 0) for one in fields if one.kind == "known")

    def slowly(value: FactValue) -> str:
        known = known_value(fact, value)
        return blank if known is None else write(known)

    return _quickly(fact, write, slowly)


def _write(wanted: Field, fact: Fact, table: FieldTable, on: date) -> _Write:  # noqa: PLR0911 - one for each kind
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
            return f"{head}%d".__mod__
        case _:
            return lambda value: f"{head}{whole(value)}"


def _sign(wanted: Field, name: str, table: FieldTable) -> Callable[[Facts], str]:
    texts = {sign: text_of(name, sign) for sign in (-1, 0, 1)}
    left, right, times = table.book.vocabulary[wanted.of], table.book.vocabulary[wanted.other], wanted.times

    def compare(facts: Facts) -> str:
        value, other = known_value(left, facts.get(left.name)), known_value(right, facts.get(right.name))
        return "" if value is None or other is None else texts[sign_of(whole(value), whole(other), times)]

    return compare


def _quickly(fact: Fact, write: _Write, slowly: _Writer) -> _Writer:  # noqa: PLR0911 - one answer for each type
    """Return a writer that recognises most values at a glance; what it does not, is written slowly, or refused."""
    match fact.type:
        case "integer" | "money":
            return lambda value: (
                write(value) if type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER else slowly(value)
            )
        case "number":
            return lambda value: (
                write(value)
                if type(value) is float
                and -LARGEST_NUMBER <= value <= LARGEST_NUMBER
                and round(value * SCALE) / SCALE == value
                else slowly(value)
            )
        case "boolean":
            yes, no = write(True), write(False)
            return lambda value: yes if value is True else no if value is False else slowly(value)
        case "enum":
            written = {value: write(value) for value in fact.values}
            return lambda value: written[value] if type(value) is str and value in written else slowly(value)
        case "text":
            return lambda value: (
                write(value)
                if type(value) is str and value.isprintable() and len(value) * _MOST_BYTES_A_LETTER <= LONGEST_TEXT
                else slowly(value)
            )
        case "set":
            permitted = frozenset(fact.values)
            return lambda value: slowly(value) if (members := _members(value, permitted)) is None else write(members)
        case _:
            return slowly


def _members(value: FactValue, permitted: frozenset[str]) -> frozenset[str] | None:
    if type(value) is not list and type(value) is not frozenset:
        return None
    try:
        members = frozenset(value)
    except TypeError:  # of something that is no text
        return None
    return members if members <= permitted else None
