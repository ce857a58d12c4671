"""Ranking rules: the bounds within which value, propensity and priority make an offer's score."""

from collections.abc import Collection
from decimal import Decimal

from shared.rulekit.model import Bounds, Members, RankingRule
from shared.rulekit.reading.conflicts import read_members
from shared.rulekit.reading.literals import read_decimal
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.rules import Parts, RuleReader
from shared.rulekit.reading.tree import Node

RANKING_FIELDS = (("order", "value", "propensity", "priority"), ("ranks",))
_FEN = 100
MOST_YUAN = Decimal(1_000_000)
MOST_PRIORITY = Decimal(1_000)
_BOUNDS = ("at_least", "at_most")


def read_ranking(node: Node, folder: str, rules: RuleReader) -> RankingRule:
    """Return the rule of a file under `ranking/`.

    Codes: out_of_bounds, empty_span, empty_members, and those every rule may have.
    """
    reader = rules.reader
    parts = rules.fields(node, *RANKING_FIELDS)
    chances = _parts(reader, parts.get("propensity"), (*_BOUNDS, "otherwise"))
    value = _bounds(reader, _parts(reader, parts.get("value"), _BOUNDS), 2, MOST_YUAN)
    return RankingRule(
        **rules.common(parts, node, folder),
        members=read_members(reader, parts["ranks"]) if "ranks" in parts else Members(),
        order=reader.whole(parts.get("order"), least=0),
        value=Bounds(value.at_least * _FEN, value.at_most * _FEN),
        propensity=_bounds(reader, chances, 4, Decimal(1)),
        otherwise=float(_figure(reader, chances.get("otherwise"), 4, Decimal(1))),
        priority=_bounds(reader, _parts(reader, parts.get("priority"), _BOUNDS), 4, MOST_PRIORITY),
    )


def _parts(reader: Reader, node: Node | None, names: Collection[str]) -> Parts:
    return {} if node is None else reader.fields(node, node.place, names)


def _bounds(reader: Reader, parts: Parts, decimals: int, largest: Decimal) -> Bounds:
    low, high = (_figure(reader, parts.get(name), decimals, largest) for name in _BOUNDS)
    if low > high and len(parts) >= len(_BOUNDS):
        reader.findings.add(parts["at_least"].place, "empty_span", f"at_least {low} is above at_most {high}")
    return Bounds(float(low), float(high))


def _figure(reader: Reader, node: Node | None, decimals: int, largest: Decimal) -> Decimal:
    """Return a figure from 0 to `largest`; 0 where there is none, or a faulty one."""
    if node is None:
        return Decimal(0)
    figure = read_decimal(node, decimals, reader.findings)
    if figure is None:
        return Decimal(0)
    if not 0 <= figure <= largest:
        reader.findings.add(node.place, "out_of_bounds", f"{figure} is not from 0 to {largest}")
        return Decimal(0)
    return figure
