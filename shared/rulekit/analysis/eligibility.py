"""Eligibility rules of one offering: those that exclude one another, and those that another one implies."""

import itertools
from collections.abc import Iterator

from shared.contracts.catalogue import Offering
from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.reach import lasts_longer
from shared.rulekit.analysis.solving import TooLarge
from shared.rulekit.analysis.subject import Sourced, Subject


def check_eligibility(subject: Subject) -> Iterator[Finding]:
    """Look at the rules each offering names. Codes: never_eligible, implied_rule, not_analysed."""
    sound = {rule.id for rule in subject.eligibility()}
    implied: dict[tuple[str, str], bool] = {}
    for sourced in subject.offerings.values():
        named = [one for one in dict.fromkeys(sourced.value.eligibility) if one in sound]
        try:
            yield from _of_offering(sourced, named, implied, subject)
        except TooLarge:
            zh, en = "适用条件过于复杂，未作静态分析", "its eligibility rules are too large to be analysed together"
            yield Finding(sourced.place("eligibility"), "not_analysed", Text(zh, en))


def _of_offering(
    sourced: Sourced[Offering], named: list[str], implied: dict[tuple[str, str], bool], subject: Subject
) -> Iterator[Finding]:
    translator, solver = subject.translator, subject.solver
    true = {one: translator.is_true(subject.book.eligibility[one].when) for one in named}
    possible = [one for one in named if solver.is_possible(true[one])]
    if not solver.is_possible(*(true[one] for one in possible)):
        pair = _excluding(possible, subject)
        words = " / ".join(pair or possible)
        zh, en = (
            f"适用条件互相矛盾，谁也不符合：{words}",
            f"nobody is ever eligible: these rules exclude each other: {words}",
        )
        yield Finding(sourced.place("eligibility"), "never_eligible", Text(zh, en))
        return
    for one, other in itertools.permutations(possible, 2):
        if (one, other) not in implied:
            rules = subject.book.eligibility
            lasting = lasts_longer(rules[other], rules[one])
            implied[one, other] = lasting and solver.follows(true[other], true[one])
        if implied[one, other] and not (implied.get((other, one)) and other < one):
            at = sourced.value.eligibility.index(other)
            zh, en = f"{one} 成立时 {other} 必然成立", f"{other} holds whenever {one} does"
            hint = Text(f"删去 {other}", f"name {one} alone")
            yield Finding(sourced.place("eligibility", at), "implied_rule", Text(zh, en), hint)


def _excluding(named: list[str], subject: Subject) -> tuple[str, str] | None:
    true = {one: subject.translator.is_true(subject.book.eligibility[one].when) for one in named}
    pairs = itertools.combinations(named, 2)
    return next((pair for pair in pairs if not subject.solver.is_possible(true[pair[0]], true[pair[1]])), None)
