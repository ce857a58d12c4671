"""The cases beside every conflict rule and contact policy, judged by the domains that decide at run time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.campaigns.domain import conflicts as domain
from services.campaigns.domain.offering import Offering
from services.governance.application.policies import policy_set
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, Situation
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.refusals import Terms
from shared.contracts.wire import CHANNELS
from shared.rulekit import model
from shared.rulekit.cases import ScenarioCase, read_cases
from shared.rulekit.rule_book import load_rules

RULES = Path(__file__).parents[3] / "rules"
BOOK = load_rules(RULES)
_, SCENARIOS = read_cases(BOOK, RULES)
POLICY_CASES = [case for case in SCENARIOS if case.kind == "contact_policy"]
CONFLICT_CASES = [case for case in SCENARIOS if case.kind == "conflicts"]
TERMS = Terms(frozenset(CHANNELS))


def name(case: ScenarioCase) -> str:
    return f"{case.rule_id}: {case.title}"


def contact(written: Mapping[str, Any], contact_id: str) -> Contact:
    return Contact(
        contact_id=contact_id,
        customer_id="one",
        channel=written.get("channel", "sms"),
        campaign_id=written.get("campaign", f"campaign-{contact_id}"),
        offering_id=written.get("offering", f"offering-{contact_id}"),
        category=written.get("category", f"category-{contact_id}"),
        purpose=written.get("purpose", "marketing"),
        direction=written.get("direction", "outbound"),
        at=to_micros(datetime.fromisoformat(written["at"])),
        zone="Asia/Shanghai",
    )


@pytest.mark.parametrize("case", POLICY_CASES, ids=name)
def test_the_policy_decides_as_its_owner_expects(case: ScenarioCase) -> None:
    content: Mapping[str, Any] = case.content
    alone = replace(BOOK, contact_policies={case.rule_id: BOOK.contact_policies[case.rule_id]})
    policies = policy_set(alone)
    asked = contact(content["request"], "asked")
    history = [contact(one, f"h{at}") for at, one in enumerate(content.get("history", ()))]
    marks = [
        OutcomeMark("one", one["outcome"], made.at, made.campaign_id, made.offering_id, made.category)
        for one, made in zip(content.get("history", ()), history, strict=True)
        if "outcome" in one
    ]
    entries = [
        ListMark("one", one["list"], one.get("channel"), one.get("category"), None, None, "reason", "source")
        for one in content.get("lists", ())
    ]
    full = {check.bucket(asked.at): int(content.get("already", 0)) for check in policies.capacity}
    situations = {"one": Situation(sorted(history, key=lambda made: made.at), entries, marks)}
    decision = judge(
        [asked], situations, policies, full, TERMS, min([asked.at, *(one.at for one in history)])
    ).decisions[0]
    assert decision.is_permitted is (content["expect"] == "permit")
    if not decision.is_permitted:
        assert [finding.rule_id for finding in decision.findings] == [case.rule_id]
        assert "{" not in decision.findings[0].text
    if "next_allowed_at" in content:
        assert decision.next_allowed_at is not None
        assert from_micros(decision.next_allowed_at) == datetime.fromisoformat(content["next_allowed_at"])


def catalogue(written: Sequence[Mapping[str, Any]]) -> dict[str, Offering]:
    """Return offerings that reach what a case says: the first category is their own, a part brings each further one."""
    found = {}
    for one in written:
        first, *others = one["categories"]
        parts = tuple(f"part-{category}" for category in others)
        found[one["offering"]] = Offering(one["offering"], "", "", first, components=parts)
        found |= {f"part-{category}": Offering(f"part-{category}", "", "", category) for category in others}
    return found


def bound(rule: model.ConflictRule) -> domain.ConflictRule:
    common = (rule.id, rule.version, rule.because)
    match rule:
        case model.Exclusive():
            return domain.Exclusive(*common, members(rule.members))
        case model.Requires():
            return domain.Requires(*common, rule.offering, rule.products)
        case model.Supersedes():
            return domain.Supersedes(*common, members(rule.winner), members(rule.loser))
        case model.NotWithin():
            return domain.NotWithin(*common, rule.same, rule.span)


def members(found: model.Members) -> domain.Members:
    return domain.Members(found.categories, found.campaigns, found.offerings)


@pytest.mark.parametrize("case", CONFLICT_CASES, ids=name)
def test_the_conflict_leaves_those_its_owner_expects(case: ScenarioCase) -> None:
    content: Mapping[str, Any] = case.content
    named = [*content["candidates"], *content.get("history", ())]
    weights = {one["campaign"]: (one.get("priority", 50), frozenset(one.get("similar_to", ()))) for one in named}
    book = domain.ConflictBook([bound(BOOK.conflicts[case.rule_id])], catalogue(named), weights)
    contenders = [
        domain.Contender(book.profile(one["campaign"], one["offering"]), "phase", float(one["score"]))
        for one in content["candidates"]
    ]
    past = tuple(
        domain.PastContact("one", one["campaign"], one["offering"], datetime.fromisoformat(one["at"]))
        for one in content.get("history", ())
    )
    products = frozenset(content["products"]) if "products" in content else None
    moment = datetime.fromisoformat(content.get("at", "2026-03-02T10:00:00+08:00"))
    lost = book.settle(contenders, domain.Background(products=products, past=past), moment)
    left = sorted(one["campaign"] for at, one in enumerate(content["candidates"]) if at not in lost)
    assert left == sorted(content["expect"])
    assert all(cause.rule_id == case.rule_id for causes in lost.values() for cause in causes)
