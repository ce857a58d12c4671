"""The cases beside conflict rules, judged by the values that decide in campaigns at run time.

A case stands for itself, whatever the catalogue says: an offering is of the first category the case gives it, and each
further category is that of a component.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.conflicts import Background, ConflictBook, Contender, PastContact
from services.campaigns.domain.offering import Offering
from shared.kernel.text import Text
from shared.rulekit.cases.model import CaseOffer, CaseResult, ConflictCase, different_words
from shared.rulekit.model import RuleBook

_EXECUTOR = "campaigns"


def run_cases(cases: Iterable[ConflictCase], book: RuleBook) -> list[CaseResult]:
    """Return how each case comes out: its rule, and those `beside` it, settle its candidates."""
    return [_run(case, book) for case in cases]


def _run(case: ConflictCase, book: RuleBook) -> CaseResult:
    conflicts = _conflicts(case, book)
    contenders = [
        Contender(conflicts.profile(one.campaign, one.offering), "case", one.score) for one in case.candidates
    ]
    past = tuple(PastContact("case", one.campaign, one.offering, one.at) for one in case.history if one.at is not None)
    lost = conflicts.settle(contenders, Background(products=case.products, past=past), case.at)
    left = sorted(one.campaign for position, one in enumerate(case.candidates) if position not in lost)
    wanted = sorted(case.expect)
    messages = [] if left == wanted else [f"expected {_words(wanted)} to remain, got {_words(left)}"]
    causes = [cause for position in sorted(lost) for cause in lost[position] if cause.rule_id == case.rule_id]
    messages += _different(case, causes)
    return CaseResult(
        case.rule_id,
        case.title,
        _EXECUTOR,
        not messages,
        "; ".join(messages),
        case.place,
        case.kind,
        ("effect" if causes else "no effect",),
    )


def _different(case: ConflictCase, causes: Sequence[Cause]) -> list[str]:
    if case.because is None:
        return []
    said = dict.fromkeys(cause.text for cause in causes) or {"": None}
    found = []
    for text in said:
        zh, _, en = text.partition(" / ")
        found += different_words(case.because, Text(zh, en))
    return found


def _conflicts(case: ConflictCase, book: RuleBook) -> ConflictBook:
    alone = replace(book, conflicts={name: book.conflicts[name] for name in (case.rule_id, *case.beside)})
    rules = BookInForce(alone, case.at.date(), EligibilityJudge(alone)).conflicts
    named = [*case.candidates, *case.history]
    return ConflictBook(rules, _catalogue(named), {one.campaign: (one.priority, one.similar_to) for one in named})


def _catalogue(named: Sequence[CaseOffer]) -> dict[str, Offering]:
    found: dict[str, Offering] = {}
    for one in named:
        own, *others = one.categories
        parts = {f"part-{category}": category for category in others}
        found[one.offering] = Offering(one.offering, "", "", own, components=tuple(parts))
        found |= {part: Offering(part, "", "", category) for part, category in parts.items()}
    return found


def _words(campaigns: Sequence[str]) -> str:
    return ", ".join(campaigns) or "nobody"
