"""The cases beside conflict rules, judged by the values that decide in campaigns at run time.

A case stands for itself, whatever the catalogue says: an offering is of the first category the case gives it, and each
further category is that of a component.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.campaigns.adapters.rules import BookInForce, EligibilityJudge
from services.campaigns.domain.conflicts import Background, ConflictBook, Contender, PastContact
from services.campaigns.domain.offering import Offering
from shared.rulekit.cases import CaseResult, ScenarioCase
from shared.rulekit.model import RuleBook

_EXECUTOR = "campaigns"
_MOMENT = "2026-03-02T10:00:00+08:00"
_PRIORITY = 50


def run_cases(cases: Sequence[ScenarioCase], book: RuleBook) -> list[CaseResult]:
    """Return how each case comes out; a case that cannot be read has come out wrong, and the message says why."""
    return [_run(case, book) for case in cases]


def _run(case: ScenarioCase, book: RuleBook) -> CaseResult:
    try:
        message = _difference(case.rule_id, case.content, book)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        message = f"the case cannot be read: {type(fault).__name__}: {fault}"
    return CaseResult(case.rule_id, case.title, _EXECUTOR, not message, message, case.place)


def _difference(rule_id: str, content: Mapping[str, Any], book: RuleBook) -> str:
    moment = datetime.fromisoformat(content.get("at", _MOMENT))
    named, history = content["candidates"], content.get("history", [])
    conflicts = _conflicts(rule_id, [*named, *history], book, moment)
    contenders = [
        Contender(conflicts.profile(one["campaign"], one["offering"]), "case", float(one["score"])) for one in named
    ]
    background = Background(
        products=frozenset(content["products"]) if "products" in content else None,
        past=tuple(
            PastContact("case", one["campaign"], one["offering"], datetime.fromisoformat(one["at"])) for one in history
        ),
    )
    lost = conflicts.settle(contenders, background, moment)
    left = sorted(one["campaign"] for position, one in enumerate(named) if position not in lost)
    wanted = sorted(content["expect"])
    return "" if left == wanted else f"expected {_words(wanted)} to remain, got {_words(left)}"


def _conflicts(rule_id: str, named: Sequence[Mapping[str, Any]], book: RuleBook, moment: datetime) -> ConflictBook:
    alone = replace(book, conflicts={rule_id: book.conflicts[rule_id]})
    rules = BookInForce(alone, moment.date(), EligibilityJudge(alone)).conflicts
    weights = {
        one["campaign"]: (int(one.get("priority", _PRIORITY)), frozenset(one.get("similar_to", ()))) for one in named
    }
    return ConflictBook(rules, _catalogue(named), weights)


def _catalogue(named: Sequence[Mapping[str, Any]]) -> dict[str, Offering]:
    found: dict[str, Offering] = {}
    for one in named:
        own, *others = one["categories"]
        parts = {f"part-{category}": category for category in others}
        found[one["offering"]] = Offering(one["offering"], "", "", own, components=tuple(parts))
        found |= {part: Offering(part, "", "", category) for part, category in parts.items()}
    return found


def _words(campaigns: Sequence[str]) -> str:
    return ", ".join(campaigns) or "nobody"
