"""Chains among offers: those that supersede each other in a circle, and requirements that nobody can meet."""

from collections.abc import Iterator, Mapping

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.solving import TooLarge
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import Compare, Exclusive, Members, Requires, Supersedes


def check_conflict_chains(subject: Subject) -> Iterator[Finding]:
    """Follow `supersedes` and `requires`.

    Codes: supersedes_cycle, unsold_product, requires_cycle, requires_refused, requires_exclusive.
    """
    rules = [rule for kind, rule in subject.rules() if kind == "conflicts"]
    yield from _circles([rule for rule in rules if isinstance(rule, Supersedes)], subject)
    requirements = [rule for rule in rules if isinstance(rule, Requires)]
    sellers = _sellers(subject)
    for rule in requirements:
        yield from _requirement(rule, requirements, sellers, subject)
        yield from _together(rule, [one for one in rules if isinstance(one, Exclusive)], sellers, subject)


def _circles(rules: list[Supersedes], subject: Subject) -> Iterator[Finding]:
    wins: dict[str, set[str]] = {}
    for rule in rules:
        for name in _names(rule.winner, subject):
            wins.setdefault(name, set()).update(_names(rule.loser, subject))
    told = set[frozenset[str]]()
    for rule in rules:
        winners = _names(rule.winner, subject)
        for loser in sorted(_names(rule.loser, subject)):
            circle = _way_back(loser, winners, wins)
            if circle is not None and frozenset(circle) not in told:
                told.add(frozenset(circle))
                words = " > ".join([circle[-1], *circle])
                zh, en = f"互相取代成环：{words}，最后一个也留不下", f"supersede each other in a circle: {words}"
                hint = Text("去掉其中一环", "take one of them out")
                yield Finding(subject.place("conflicts", rule.id, "loser"), "supersedes_cycle", Text(zh, en), hint)
                break


def _names(members: Members, subject: Subject) -> frozenset[str]:
    """Return the offerings a side of `supersedes` comes to; those the catalogue lacks count by their name."""
    return subject.covered(members) | members.offerings


def _way_back(start: str, goals: frozenset[str], wins: Mapping[str, set[str]]) -> list[str] | None:
    """Return the names from the start to one of the goals, breadth first; None when no way leads there."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] in goals:
            return way
        for name in sorted(wins.get(way[-1], ())):
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def _sellers(subject: Subject) -> dict[str, set[str]]:
    """Return the offerings that give each product."""
    found: dict[str, set[str]] = {}
    for one, sourced in subject.offerings.items():
        for product in sourced.value.products:
            found.setdefault(product, set()).add(one)
    return found


def _requirement(
    rule: Requires, requirements: list[Requires], sellers: Mapping[str, set[str]], subject: Subject
) -> Iterator[Finding]:
    place = subject.place("conflicts", rule.id, "products")
    sold = sorted(product for product in rule.products if sellers.get(product))
    if subject.offerings and not sold:
        words = ", ".join(sorted(rule.products))
        zh, en = (
            f"没有产品能带来 {words}，只有已持有的客户符合",
            f"no offering gives {words}: only who holds it already can meet this",
        )
        yield Finding(place, "unsold_product", Text(zh, en))
    elif sold and rule.offering not in _reachable(requirements, sellers):
        zh, en = (
            f"要先有 {', '.join(sold)}，而它又要先有别的，没有起点",
            f"{', '.join(sold)} can only be got by who has it already",
        )
        yield Finding(place, "requires_cycle", Text(zh, en))
    yield from _refused(rule, subject)


def _reachable(requirements: list[Requires], sellers: Mapping[str, set[str]]) -> set[str]:
    """Return the offerings that somebody can come to, one after the other, who holds only what nobody sells."""
    needs: dict[str, list[frozenset[str]]] = {}
    for rule in requirements:
        needs.setdefault(rule.offering, []).append(rule.products)
    waiting = {one for offerings in sellers.values() for one in offerings} | needs.keys()
    reached = set[str]()
    held = {product for rule in requirements for product in rule.products if not sellers.get(product)}
    while True:
        more = {one for one in waiting - reached if all(held & products for products in needs.get(one, ()))}
        if not more:
            return reached
        reached |= more
        held |= {product for product, offerings in sellers.items() if offerings & more}


def _refused(rule: Requires, subject: Subject) -> Iterator[Finding]:
    """Tell when the offering's own eligibility refuses those who hold what it requires."""
    sourced = subject.offerings.get(rule.offering)
    if sourced is None or "products" not in subject.book.vocabulary:
        return
    try:
        wanted = [subject.translator.is_true(one) for one in subject.condition_of(sourced.value)]
        holds = subject.translator.is_true(Compare("products", "contains_any", tuple(sorted(rule.products))))
        refused = subject.solver.is_possible(*wanted) and not subject.solver.is_possible(holds, *wanted)
    except TooLarge:
        return  # told where the offering stands
    if refused:
        zh = f"{rule.offering} 的适用条件恰好排除了持有所需产品的客户"
        en = f"the eligibility of {rule.offering} refuses everybody who holds what is required"
        yield Finding(subject.place("conflicts", rule.id, "products"), "requires_refused", Text(zh, en))


def _together(
    rule: Requires, groups: list[Exclusive], sellers: Mapping[str, set[str]], subject: Subject
) -> Iterator[Finding]:
    giving = {one for product in rule.products for one in sellers.get(product, ())} - {rule.offering}
    for group in groups:
        members = subject.covered(group.members)
        if giving and rule.offering in members and giving <= members:
            zh = f"{group.id} 不允许同时推荐 {rule.offering} 和它所需的产品，只能先后办理"
            en = f"by {group.id} it cannot be offered together with what it requires, only later"
            yield Finding(subject.place("conflicts", rule.id, "offering"), "requires_exclusive", Text(zh, en))
