"""Ranking rules that never count, because one before them covers every offer they do."""

from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.reach import lasts_longer
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import Members, RankingRule


def check_ranking_order(subject: Subject) -> Iterator[Finding]:
    """Look at ranking rules in their order. Codes: shadowed_ranking, constant_factor."""
    rules = sorted(
        (rule for kind, rule in subject.rules() if kind == "ranking" and isinstance(rule, RankingRule)),
        key=lambda rule: (rule.order, rule.id),
    )
    for at, rule in enumerate(rules):
        lasting = [one for one in rules[:at] if lasts_longer(one, rule)]
        before = next((one for one in lasting if _covers(one.members, rule.members, subject)), None)
        if before is not None:
            zh, en = (
                f"{before.id} 排在前面且涵盖它的全部推荐，本规则从不生效",
                f"never counts: {before.id} comes first and covers all",
            )
            hint = Text("调小 order", "give it a lower order")
            yield Finding(subject.place("ranking", rule.id, "order"), "shadowed_ranking", Text(zh, en), hint)
        for name in ("value", "propensity", "priority"):
            bounds = getattr(rule, name)
            if bounds.at_least == bounds.at_most:
                zh, en = f"{name} 的上下限相同，不影响排序", f"{name} has one value for all: it does not rank anything"
                yield Finding(subject.place("ranking", rule.id, name), "constant_factor", Text(zh, en))


def _covers(one: Members, other: Members, subject: Subject) -> bool:
    if one == Members():
        return True
    if other == Members() or not other.campaigns <= one.campaigns:
        return False
    return other.categories <= one.categories and subject.covered(other) <= subject.covered(one)
