"""Facts about one subscriber, checked against the vocabulary; which facts a condition reads."""

import difflib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from shared.kernel.faults import InvalidRequest
from shared.rulekit.model import All, Any, Compare, Condition, InSegment, IsKnown, Not, OtherFact, RuleBook
from shared.rulekit.vocabulary import DECIMALS, LARGEST_INTEGER, LARGEST_NUMBER, LONGEST_TEXT, SCALE, Fact, Vocabulary

_LONGEST_NAME = 200  # what is longer is no misspelt name

FactValue = str | int | float | bool | date | Collection[str] | None
"""Money in fen; dates as `date` or ISO text; sets as any collection of texts; unknown as None."""
Facts = Mapping[str, FactValue]
"""A subscriber's facts by name; a fact left out is unknown."""
KnownValue = int | float | bool | str | date | frozenset[str]
"""A checked value in its one form."""


@dataclass(frozen=True, slots=True)
class FactFault:
    """One value that is not what the vocabulary says, and the nearest name or value, if any."""

    fact: str
    code: str
    message: str
    suggestion: str | None = None


class InvalidFact(InvalidRequest):
    """A fact's value is not what the vocabulary says; `code` is one of the codes of `FactFault`."""

    def __init__(self, fault: FactFault) -> None:
        super().__init__(fault.message, details={"field": fault.fact, "suggestion": fault.suggestion})
        self.code = fault.code
        self.fault = fault


def check_facts(facts: Facts, vocabulary: Vocabulary) -> list[FactFault]:
    """Return what is wrong with the facts, one fault for each at most, in their order; empty when all is well.

    Codes: unknown_fact, wrong_type, unknown_value, too_large, too_precise, bad_date, bad_text.
    """
    faults = []
    for name, value in facts.items():
        fact = vocabulary.facts.get(name)
        if fact is None:
            faults.append(
                FactFault(name, "unknown_fact", f"there is no fact {name!r}", nearest(name, vocabulary.facts))
            )
            continue
        try:
            known_value(fact, value)
        except InvalidFact as invalid:
            faults.append(invalid.fault)
    return faults


def known_value(fact: Fact, value: object) -> KnownValue | None:  # noqa: PLR0911 - one answer for each type
    """Return a value in its one form: `date` for dates, `frozenset` for sets, None for unknown.

    Raises InvalidFact.
    """
    if value is None:
        return None
    match fact.type:
        case "boolean":
            return value if isinstance(value, bool) else _wrong_type(fact, value, "true or false")
        case "integer" | "money":
            return _integer(fact, value)
        case "number":
            return _number(fact, value)
        case "date":
            return _date(fact, value)
        case "set":
            return _set(fact, value)
        case _:
            return _text(fact, value)


def facts_of(condition: Condition, book: RuleBook) -> frozenset[str]:
    """Return the names of all facts a condition may read, those of the segments it names included."""
    found, waiting = named_by(condition)
    seen: set[str] = set()
    while waiting:
        segment = waiting.pop()
        rule = book.segment(segment)
        rivals = book.classes[rule.classifies] if rule.classifies is not None else (segment,)
        for one in rivals[: rivals.index(segment) + 1]:  # whether it counts depends on those before it
            if one not in seen:
                seen.add(one)
                facts, segments = named_by(book.segment(one).when)
                found |= facts
                waiting |= segments
    return frozenset(found)


def segments_of(condition: Condition) -> set[str]:
    """Return the ids of the segments a condition names itself."""
    return named_by(condition)[1]


def named_by(condition: Condition) -> tuple[set[str], set[str]]:
    """Return the names of the facts and the ids of the segments that a condition names itself."""
    facts: set[str] = set()
    segments: set[str] = set()
    waiting = [condition]
    while waiting:
        match waiting.pop():
            case All(parts) | Any(parts):
                waiting.extend(parts)
            case Not(part):
                waiting.append(part)
            case InSegment(segment):
                segments.add(segment)
            case IsKnown(fact):
                facts.add(fact)
            case Compare(fact, _, operand):
                facts |= {fact, operand.fact} if isinstance(operand, OtherFact) else {fact}
            case _:
                pass
    return facts, segments


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the most similar of the names, or None when none is similar."""
    if len(name) > _LONGEST_NAME:
        return None
    close = difflib.get_close_matches(name, list(names), n=1)
    return close[0] if close else None


def scaled(number: float) -> int:
    """Return a number of at most four decimals as a whole number of ten-thousandths: exact."""
    return round(number * SCALE)


def _fault(fact: Fact, code: str, message: str, suggestion: str | None = None) -> InvalidFact:
    return InvalidFact(FactFault(fact.name, code, f"{fact.name}: {message}", suggestion))


def _wrong_type(fact: Fact, value: object, expected: str) -> bool:
    raise _fault(fact, "wrong_type", f"expected {expected}, got {_kind(value)}")


def _kind(value: object) -> str:
    words = {bool: "true or false", int: "a number", float: "a number with decimals", str: "a text", list: "a list"}
    return words.get(type(value), "an object" if isinstance(value, Mapping) else type(value).__name__)


def _integer(fact: Fact, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _fault(fact, "wrong_type", f"expected a whole number, got {_kind(value)}")
    if abs(value) > LARGEST_INTEGER:
        raise _fault(fact, "too_large", f"{value} is not within ±{LARGEST_INTEGER}")
    return value


def _number(fact: Fact, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _fault(fact, "wrong_type", f"expected a number, got {_kind(value)}")
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise _fault(fact, "too_large", f"{value} is not within ±{LARGEST_NUMBER}")
    if round(value, DECIMALS) != value:
        raise _fault(fact, "too_precise", f"{value} has more than {DECIMALS} decimals")
    return float(value)


def _date(fact: Fact, value: object) -> date:
    if type(value) is date:  # not a datetime, which is a date to isinstance
        return value
    if not isinstance(value, str):
        raise _fault(fact, "wrong_type", f"expected a date, got {_kind(value)}")
    parsed = iso_date(value)
    if parsed is None:
        raise _fault(fact, "bad_date", f"{value!r} is not a date like 2026-03-02")
    return parsed


def iso_date(text: str) -> date | None:
    """Return the date of a text like 2026-03-02, and None for every other text, other ISO forms included."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.isoformat() == text else None


def _text(fact: Fact, value: object) -> str:
    if not isinstance(value, str):
        raise _fault(fact, "wrong_type", f"expected a text, got {_kind(value)}")
    if fact.type == "enum":
        _permitted(fact, value)
    elif not is_plain_text(value):
        raise _fault(fact, "bad_text", f"control characters, or more than {LONGEST_TEXT} bytes")
    return value


def is_plain_text(text: str) -> bool:
    """Tell whether every executor and both databases can hold the text: no control characters, at most 1000 bytes."""
    if any(ord(letter) < ord(" ") or 0xD800 <= ord(letter) <= 0xDFFF for letter in text):  # noqa: PLR2004 - surrogates
        return False
    return len(text.encode()) <= LONGEST_TEXT


def _set(fact: Fact, value: object) -> frozenset[str]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Collection):
        raise _fault(fact, "wrong_type", f"expected a list of texts, got {_kind(value)}")
    for member in value:
        if not isinstance(member, str):
            raise _fault(fact, "wrong_type", f"expected texts in the list, got {_kind(member)}")
        _permitted(fact, member)
    return frozenset(value)


def _permitted(fact: Fact, value: str) -> None:
    if value not in fact.values:
        message = f"{value!r} is not a permitted value"
        raise _fault(fact, "unknown_value", message, nearest(value, fact.values))
