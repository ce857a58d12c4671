"""One fact's entry in a column map: from a YAML node to a recipe, checked against the vocabulary."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from services.customer_view.domain.cells import (
    Choice,
    Collected,
    Constant,
    Day,
    First,
    Limit,
    Quantity,
    Recipe,
    Source,
    Value,
    Words,
)
from shared.rulekit.facts import InvalidFact, known_value
from shared.rulekit.faults import Findings, Place
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.vocabulary import Fact

_OTHERWISE: tuple[Literal["bad", "unknown"], ...] = ("bad", "unknown")
_SOURCE = ("missing", "pattern")
_CHOICE = ("values", "matches", "otherwise")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "integer": ("times", "plus", "between", "when", "months_since"),
    "number": ("times", "plus", "between", "when"),
    "money": ("unit", "plus", "between", "when"),
    "date": ("format",),
}
_YUAN: Mapping[str, Decimal] = {"yuan": Decimal(1), "fen": Decimal("0.01")}
_TRUTH: Mapping[str, Value] = {
    "是": True,
    "否": False,
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "Y": True,
    "N": False,
    "1": True,
    "0": False,
}
_UNKNOWN_RECIPE = Constant(None)  # stands in for a faulty entry, and never leaves the reader unnoticed


class RecipeReader:
    """Reads recipes; every fault goes to `findings`.

    Codes: missing_key, unknown_key, wrong_shape, bad_pattern, bad_number, no_as_of, unknown_word, and those of a fact's
    value (unknown_value, wrong_type, …).
    """

    def __init__(self, findings: Findings, *, missing: frozenset[str], as_of: date | None) -> None:
        self._findings = findings
        self._reader = Reader(findings)
        self._missing = missing
        self._as_of = as_of

    def read(self, node: Node, fact: Fact) -> Recipe:
        """Return the recipe of one fact's entry."""
        if not isinstance(node, Entries):
            self._findings.add(node.place, "wrong_shape", "expected a mapping with column, constant, first or collect")
            return _UNKNOWN_RECIPE
        if node.get("constant") is not None:
            return Constant(self._value(self._reader.fields(node, node.place, ("constant",))["constant"], fact))
        for key, kind in (("first", First), ("collect", Collected)):
            if node.get(key) is not None:
                items = self._reader.items(self._reader.fields(node, node.place, (key,)).get(key))
                return kind(tuple(self.read(item, fact) for item in items))
        return self._from_column(node, fact)

    def source(self, parts: Mapping[str, Node], place: Place) -> Source:
        """Return the column a mapping names, with its missing markers and pattern."""
        missing = self._missing
        if "missing" in parts:
            missing |= {cell_text(item) for item in self._reader.items(parts["missing"])}
        column = parts.get("column")
        if column is None:
            return Source("", missing)
        return Source(self._reader.text(column), missing, self._pattern(parts.get("pattern"), place))

    def _from_column(self, node: Entries, fact: Fact) -> Recipe:
        chosen = (
            fact.type in {"enum", "set", "boolean"} or node.get("values") is not None or node.get("matches") is not None
        )
        own = _CHOICE if chosen else _KEYS.get(fact.type, ())
        parts = self._reader.fields(node, node.place, ("column",), (*_SOURCE, *own))
        source = self.source(parts, node.place)
        if chosen:
            return self._choice(source, parts, fact, node.place)
        if fact.type == "date" or "months_since" in parts:
            return self._day(source, parts, fact)
        if fact.type == "text":
            return Words(source)
        return self._quantity(source, parts, fact)

    def _choice(self, source: Source, parts: Mapping[str, Node], fact: Fact, place: Place) -> Choice:
        values: Mapping[str, Value] = {key: self._value(item, fact) for key, item in self._entries(parts.get("values"))}
        matches = tuple(
            (pattern, self._value(item, fact))
            for key, item in self._entries(parts.get("matches"))
            if (pattern := self._compiled(key, item.place))
        )
        if not values and not matches:
            if fact.type == "boolean":
                values = _TRUTH
            elif fact.type == "enum":
                values = {name: name for name in fact.values}
            else:
                self._findings.add(place, "missing_key", "'values' or 'matches' is missing")
        otherwise = self._reader.word(parts["otherwise"], _OTHERWISE) if "otherwise" in parts else "bad"
        return Choice(source, values, matches, otherwise)

    def _quantity(self, source: Source, parts: Mapping[str, Node], fact: Fact) -> Quantity:
        terms = [(source, self._factor(parts))]
        for item in self._reader.items(parts.get("plus")):
            more = self._reader.fields(item, item.place, ("column",), (*_SOURCE, "times", "unit"))
            terms.append((self.source(more, item.place), self._factor(more)))
        low, high = self._between(parts.get("between"))
        kind: Literal["integer", "number", "money"] = "number"
        if fact.type in {"integer", "money"}:
            kind = "integer" if fact.type == "integer" else "money"
        return Quantity(kind, tuple(terms), low, high, self._limit(parts.get("when")))

    def _day(self, source: Source, parts: Mapping[str, Node], fact: Fact) -> Day:
        node = parts.get("months_since") if fact.type == "integer" else parts.get("format")
        formats = (cell_text(node),) if isinstance(node, Scalar) else tuple(map(cell_text, self._reader.items(node)))
        if fact.type == "integer" and self._as_of is None and node is not None:
            self._findings.add(node.place, "no_as_of", "months_since needs as_of: the day the file speaks of")
        until = self._as_of if fact.type == "integer" else None
        return Day(source, formats or ("%Y-%m-%d",), until)

    def _limit(self, node: Node | None) -> Limit | None:
        if node is None:
            return None
        parts = self._reader.fields(node, node.place, ("column", "more_than"), _SOURCE)
        return Limit(self.source(parts, node.place), self._figure(parts.get("more_than")) or Decimal(0))

    def _between(self, node: Node | None) -> tuple[Decimal | None, Decimal | None]:
        ends = [self._figure(item) for item in self._reader.items(node)]
        if node is not None and len(ends) != 2:  # noqa: PLR2004 - a low and a high end
            self._findings.add(node.place, "wrong_shape", "between: expected [low, high]")
            return None, None
        return (ends[0], ends[1]) if ends else (None, None)

    def _factor(self, parts: Mapping[str, Node]) -> Decimal:
        if "unit" in parts:
            return _YUAN[self._reader.word(parts["unit"], tuple(_YUAN))]
        return self._figure(parts["times"]) or Decimal(1) if "times" in parts else Decimal(1)

    def _figure(self, node: Node | None) -> Decimal | None:
        if node is None:
            return None
        try:
            return Decimal(cell_text(node))
        except InvalidOperation:
            self._findings.add(node.place, "bad_number", "expected a number")
            return None

    def _entries(self, node: Node | None) -> list[tuple[str, Node]]:
        if node is None:
            return []
        if isinstance(node, Entries):
            return [(key.text, item) for key, item in node.entries]
        self._findings.add(node.place, "wrong_shape", "expected a mapping from cells to values")
        return []

    def _pattern(self, node: Node | None, place: Place) -> re.Pattern[str] | None:
        return None if node is None else self._compiled(cell_text(node), place)

    def _compiled(self, text: str, place: Place) -> re.Pattern[str] | None:
        try:
            return re.compile(text)
        except re.error as error:
            self._findings.add(place, "bad_pattern", f"{text!r} is not a regular expression: {error}")
            return None

    def _value(self, node: Node, fact: Fact) -> Value:
        try:
            return known_value(fact, self._plain(node, fact))
        except InvalidFact as invalid:
            self._findings.add(node.place, invalid.fault.code, invalid.fault.message, invalid.fault.suggestion)
            return None

    def _plain(self, node: Node, fact: Fact) -> object:
        if isinstance(node, Items):
            return [cell_text(item) for item in node.items]
        if not isinstance(node, Scalar) or node.kind == "null" or node.text == "unknown":
            return None
        if node.kind == "boolean" and fact.type == "boolean":
            return node.text.lower() in {"true", "yes", "on"}
        if fact.type in {"integer", "number", "money"}:
            amount = self._figure(node) or Decimal(0)
            return float(amount) if fact.type == "number" else int(amount * 100 if fact.type == "money" else amount)
        return node.text


def cell_text(node: Node) -> str:
    """Return a scalar's text as a cell would show it."""
    return node.text if isinstance(node, Scalar) and node.kind != "null" else ""
