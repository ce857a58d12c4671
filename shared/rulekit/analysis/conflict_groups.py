"""Exclusive groups that another one contains, and groups in which nothing can collide."""

import itertools
from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.reach import lasts_longer
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import Exclusive, Members, NotWithin

_WIDER = {"category": ("offering",), "similar_campaign": (), "campaign": (), "offering": ()}


def check_conflict_groups(subject: Subject) -> Iterator[Finding]:
    """Look at exclusive groups and repeated spans. Codes: contained_group, implied_conflict."""
    rules = [rule for kind, rule in subject.rules() if kind == "conflicts"]
    groups = [rule for rule in rules if isinstance(rule, Exclusive)]
    for one, other in itertools.permutations(groups, 2):
        if (
            lasts_longer(other, one)
            and _contains(other.members, one.members, subject)
            and not (_contains(one.members, other.members, subject) and one.id < other.id)
        ):
            zh, en = (
                f"成员都已在 {other.id} 中，本组不起作用",
                f"all its members are in {other.id}: this group does nothing",
            )
            yield Finding(subject.place("conflicts", one.id, "members"), "contained_group", Text(zh, en))
    spans = [rule for rule in rules if isinstance(rule, NotWithin)]
    for short in spans:
        long = next((one for one in spans if one is not short and _keeps_longer(one, short)), None)
        if long is not None:
            zh, en = f"{long.id} 的期限不短于它，范围也不小", f"{long.id} keeps at least as much away, for as long"
            yield Finding(subject.place("conflicts", short.id, "span"), "implied_conflict", Text(zh, en))


def _keeps_longer(long: NotWithin, short: NotWithin) -> bool:
    if not lasts_longer(long, short):
        return False
    is_wider = long.same == short.same or short.same in _WIDER[long.same]
    is_double = long.same == short.same and long.span == short.span
    return is_wider and long.span >= short.span and (not is_double or short.id > long.id)


def _contains(one: Members, other: Members, subject: Subject) -> bool:
    named = other.campaigns <= one.campaigns and other.categories <= one.categories
    plain = named and other.offerings <= one.offerings
    return plain or (named and bool(other.offerings) and subject.covered(other) <= subject.covered(one))
