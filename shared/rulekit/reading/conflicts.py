"""Conflict rules: exclusive, requires, supersedes, not_within."""

from collections.abc import Mapping
from typing import get_args

from shared.rulekit.model import ConflictRule, Exclusive, Members, NotWithin, Requires, Supersedes
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.rules import Common, Kind, Parts, RuleReader
from shared.rulekit.reading.tree import Node
from shared.rulekit.vocabulary import Vocabulary

_MEMBER_KINDS = ("categories", "campaigns", "offerings")
_SAME = get_args(NotWithin.__annotations__["same"])


def read_conflict(node: Node, folder: str, rules: RuleReader) -> ConflictRule | None:
    """Return the rule of a file under `conflicts/`; None when its kind is unknown.

    Codes: empty_members, unknown_product, and those every rule may have.
    """
    rule = rules.by_kind(node, folder, CONFLICT_KINDS)
    if isinstance(rule, Requires):
        _check_products(rule, node, rules, rules.vocabulary)
    return rule


def _check_products(rule: Requires, node: Node, rules: RuleReader, vocabulary: Vocabulary) -> None:
    held = vocabulary.facts.get("products")
    for product in sorted(rule.products) if held else ():
        if held and product not in held.values:
            rules.findings.unknown(node.place, "unknown_product", "product", product, held.values)


def read_members(reader: Reader, node: Node | None) -> Members:
    """Return offers named by category, campaign or offering; code empty_members when it names none."""
    if node is None:
        return Members()
    parts = reader.fields(node, node.place, (), _MEMBER_KINDS)
    found = Members(**{kind: reader.names(parts.get(kind)) for kind in _MEMBER_KINDS})
    if found == Members():
        reader.findings.add(node.place, "empty_members", f"names none of {', '.join(_MEMBER_KINDS)}")
    return found


def _exclusive(reader: Reader, parts: Parts, common: Common) -> Exclusive:
    return Exclusive(**common, members=read_members(reader, parts.get("members")))


def _requires(reader: Reader, parts: Parts, common: Common) -> Requires:
    products = reader.names(parts.get("products"))
    if "products" in parts and not products:
        reader.findings.add(parts["products"].place, "empty_list", "requires at least one product")
    return Requires(**common, offering=reader.text(parts.get("offering")), products=products)


def _supersedes(reader: Reader, parts: Parts, common: Common) -> Supersedes:
    winner, loser = read_members(reader, parts.get("winner")), read_members(reader, parts.get("loser"))
    return Supersedes(**common, winner=winner, loser=loser)


def _not_within(reader: Reader, parts: Parts, common: Common) -> NotWithin:
    return NotWithin(**common, same=reader.word(parts.get("same"), _SAME), span=reader.span(parts.get("span")))


CONFLICT_KINDS: Mapping[str, Kind[ConflictRule]] = {
    "exclusive": Kind(("members",), (), _exclusive),
    "requires": Kind(("offering", "products"), (), _requires),
    "supersedes": Kind(("winner", "loser"), (), _supersedes),
    "not_within": Kind(("same", "span"), (), _not_within),
}
