"""Lines of JSON that bring a subscriber's facts: read one by one, checked, good ones kept, bad ones told."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import IO

from shared.rulekit.facts import FactValue, InvalidFact, iso_date, known_value, nearest
from shared.rulekit.vocabulary import DECIMALS, LARGEST_INTEGER, LARGEST_NUMBER, Fact, Vocabulary

LONGEST_LINE = 1_000_000  # bytes
_FEN = 100
_FEN_DECIMALS = 2
_MOST_YUAN = LARGEST_INTEGER // _FEN
_MOST_SHOWN = 40
_IDS = ("id", "customer_id")
BESIDE = frozenset({*_IDS, "on", "at", "events", "last_fired_at", "title", "expect"})
"""What a line may hold besides facts, unless the vocabulary has a fact of that name."""


@dataclass(frozen=True, slots=True)
class FactLine:
    """One good line: checked facts (money in fen), the day of judgement, and all it held."""

    number: int
    id: object
    facts: Mapping[str, FactValue]
    on: date
    content: Mapping[str, object]


class BadLine(ValueError):  # noqa: N818 - the line is bad; the fault is what is told of it
    """A line that cannot be judged: why, and which part of it."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """One bad line and what is wrong with it."""

    number: int
    id: object
    fault: BadLine


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads lines: an object of facts, or one with `facts` and whatever belongs to them.

    Null and missing are unknown. Money is in yuan, as in rules. Codes: not_utf8, not_json, duplicate_key,
    line_too_long, wrong_shape, bad_date, and those of `check_facts`.
    """

    vocabulary: Vocabulary
    on: date
    """The day of judgement of a line that names none."""
    holds_facts: bool = True
    """Whether lines bring facts; without, they are scenarios, and only their JSON is checked."""

    def read(self, stream: IO[bytes]) -> Iterator[FactLine | FaultyLine]:
        """Yield each line that is not blank, in order; numbers from 1, blank lines counted."""
        number = 0
        while raw := stream.readline(LONGEST_LINE + 1):
            number += 1
            is_whole = len(raw) <= LONGEST_LINE
            rest = raw
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE)
            if raw.strip():
                yield self._line(number, raw)

    def _line(self, number: int, raw: bytes) -> FactLine | FaultyLine:
        content: Mapping[str, object] = {}
        try:
            content = decode_line(raw, exact=self.holds_facts)
            facts = read_facts(content, self.vocabulary) if self.holds_facts else {}
            return FactLine(number, _id_of(content), facts, self._day(content), content)
        except BadLine as fault:
            return FaultyLine(number, _id_of(content), fault)

    def _day(self, content: Mapping[str, object]) -> date:
        written = None if "on" in self.vocabulary and "facts" not in content else content.get("on")
        if written is None:
            return self.on
        day = iso_date(written) if isinstance(written, str) else None
        if day is None:
            raise BadLine("bad_date", f"{written!r} is not a date like 2026-03-02", "on")
        return day


def read_facts(content: Mapping[str, object], vocabulary: Vocabulary) -> Mapping[str, FactValue]:
    """Return the checked facts of one object, money in fen, where the object has yuan; raises BadLine."""
    given: object = content
    if "facts" in content and "facts" not in vocabulary:
        given = content["facts"] if content["facts"] is not None else {}
    if not isinstance(given, Mapping):
        raise BadLine("wrong_shape", "facts are an object of fact to value", "facts")
    facts: dict[str, FactValue] = {}
    for name, value in given.items():
        fact = vocabulary.facts.get(name)
        if fact is not None:
            facts[name] = checked_value(fact, value)
        elif given is not content or name not in BESIDE:
            near = nearest(name, vocabulary.facts)
            hint = f"; did you mean {near!r}?" if near else ""
            raise BadLine("unknown_fact", f"there is no fact {name!r}{hint}", name)
    return facts


def decode_line(raw: bytes, *, exact: bool) -> Mapping[str, object]:
    """Return the object of one line; with `exact` its decimals as `Decimal`. Raises BadLine."""
    if len(raw) > LONGEST_LINE:
        raise BadLine("line_too_long", f"more than {LONGEST_LINE} bytes in one line")
    try:
        found = (_EXACT if exact else _PLAIN).decode(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadLine("not_utf8", f"byte {error.start} of the line is not UTF-8") from error
    except (ValueError, RecursionError, InvalidOperation) as error:
        if isinstance(error, BadLine):
            raise
        raise BadLine("not_json", f"the line is not JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise BadLine("wrong_shape", f"a line is an object, not {type(found).__name__}")
    return found


def checked_value(fact: Fact, written: object) -> FactValue:
    """Return a fact's value as the executors take it, money in fen; raises BadLine."""
    value = _in_fen(fact, written) if fact.type == "money" else written
    if isinstance(value, Decimal):
        value = _number(fact, value)
    try:
        return known_value(fact, value)
    except InvalidFact as invalid:
        raise BadLine(invalid.code, invalid.message, fact.name) from invalid


def _in_fen(fact: Fact, written: object) -> object:
    if isinstance(written, bool) or not isinstance(written, (int, Decimal)):
        return written
    value = Decimal(written)  # comparing and rounding decimals is exact; their arithmetic is not, and overflows
    if not -_MOST_YUAN <= value <= _MOST_YUAN:
        raise BadLine("too_large", f"{fact.name}: {_shown(value)} yuan is more than it can be", fact.name)
    yuan = round(value, _FEN_DECIMALS)
    if yuan != value:
        raise BadLine("too_precise", f"{fact.name}: {_shown(value)} yuan has more than two decimals", fact.name)
    return int(yuan * _FEN)


def _number(fact: Fact, value: Decimal) -> float:
    if fact.type == "integer" and -LARGEST_INTEGER <= value <= LARGEST_INTEGER and value == round(value):
        return int(value)  # JSON knows numbers alone, and many programs write 30 as 30.0
    if fact.type == "number":
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise BadLine("too_large", f"{fact.name}: {_shown(value)} is not within ±{LARGEST_NUMBER}", fact.name)
        if round(value, DECIMALS) != value:
            raise BadLine("too_precise", f"{fact.name}: {_shown(value)} has more than {DECIMALS} decimals", fact.name)
    return float(value)


def _shown(number: Decimal) -> str:
    shown = str(number)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        raise BadLine("duplicate_key", f"{again!r} is there twice", again)
    return found


def _id_of(content: Mapping[str, object]) -> object:
    return next((content[name] for name in _IDS if content.get(name) is not None), None)


_EXACT = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_without_duplicates)
_PLAIN = json.JSONDecoder(object_pairs_hook=_without_duplicates)
