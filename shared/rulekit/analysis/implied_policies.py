"""Policies that another one makes superfluous: whatever they suppress, the other suppresses as long or longer."""

import itertools
from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.reach import is_coarser, is_wider, lasts_longer
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import (
    AppliesTo,
    ContactPolicy,
    CoolingOff,
    ListEffect,
    NoRepeat,
    NotWithin,
    Spacing,
)


def check_implied_policies(subject: Subject) -> Iterator[Finding]:
    """Compare policies of the same kind, and spacing with repeats. Codes: implied_policy, spacing_forestalls."""
    told = set[str]()
    for one, other in itertools.permutations(list(subject.policies()), 2):
        equal = _implies(one, other) and _implies(other, one)
        if one.id not in told and _implies(other, one) and not (equal and one.id < other.id):
            told.add(one.id)
            zh, en = f"{other.id} 已经包含它", f"{other.id} suppresses all that it does, for as long"
            hint = Text("删去，或缩小另一条", "delete it, or narrow the other")
            yield Finding(subject.place("contact_policy", one.id), "implied_policy", Text(zh, en), hint)
    yield from _not_within(subject)


def _implies(one: ContactPolicy, other: ContactPolicy) -> bool:  # noqa: PLR0911 - one answer for each kind
    """Tell whether the first suppresses whatever the second does."""
    if not is_wider(one.applies_to, other.applies_to) or not lasts_longer(one, other):
        return False
    match one, other:
        case ListEffect(), ListEffect():
            # One that can be lifted lets through whom the other, which cannot, still keeps away.
            return one.list_name == other.list_name and (one.override is None or other.override is not None)
        case NoRepeat(), NoRepeat():
            return one.of == other.of and one.span >= other.span
        case CoolingOff(), CoolingOff():
            return one.after >= other.after and one.same in {"any", other.same} and one.span >= other.span
        case Spacing(), Spacing():
            return is_coarser(one.per, other.per, other.applies_to) and one.at_least >= other.at_least
        case Spacing(), NoRepeat():
            return one.per == "customer" and one.at_least >= other.span
        case _:
            return False


def _not_within(subject: Subject) -> Iterator[Finding]:
    """Tell which spans of `not_within` a spacing over all contacts keeps anyway."""
    spacings = [one for one in subject.policies() if isinstance(one, Spacing) and _counts_all(one)]
    for kind, rule in subject.rules():
        if kind != "conflicts" or not isinstance(rule, NotWithin):
            continue
        longest = next((one for one in spacings if one.at_least >= rule.span and lasts_longer(one, rule)), None)
        if longest is not None:
            zh, en = (
                f"{longest.id} 的间隔更长，这个期限不起作用",
                f"makes no difference: the spacing of {longest.id} is longer",
            )
            yield Finding(subject.place("conflicts", rule.id, "span"), "spacing_forestalls", Text(zh, en))


def _counts_all(spacing: Spacing) -> bool:
    return spacing.per == "customer" and is_wider(spacing.applies_to, AppliesTo())
