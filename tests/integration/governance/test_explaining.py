"""Receipts: every verdict with what it was judged by, in words an agent can read to the person concerned."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.governance.dependencies import open_database
from shared.contracts.governance import OverrideProposal, Receipt
from tests.integration.governance.test_recheck import RESTRAINTS, put, tell_outcome, words
from tests.integration.governance.world import BLACK, HALL, OPT_OUT, START, WEEKLY, World, write_rules

Make = Callable[[Mapping[str, str]], World]
HOUR = timedelta(hours=1)


def facts(receipt: Receipt) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in receipt.facts]


def test_counters_are_told_with_limit_use_and_version(make_world: Make, tmp_path: Path) -> None:
    world = make_world({"weekly": WEEKLY, "hall": HALL})
    world.use.reserve([world.ask("a", 1), world.ask("b", 2, channel="hall")])
    receipt = world.use.explain("b")
    weekly = next(one for one in receipt.counters if one.rule_id == "weekly")
    assert (weekly.limit, weekly.used, len(weekly.rule_version)) == (2, 1, 12)
    assert "判定时的次数：规则 weekly（上限2，已用1）；其余1项次数限制尚未使用。" in receipt.explanation_zh
    assert "Counts at the time: weekly (1 of 2 used); 1 other limit with nothing used." in receipt.explanation_en
    other = write_rules(tmp_path / "edited", {"weekly": WEEKLY.replace("limit: 2", "limit: 9")})
    later = world.another(other).explain("b")
    assert later.counters == receipt.counters  # as they stood, whatever has been edited since
    assert later.explanation_zh == receipt.explanation_zh


def test_that_a_limit_is_used_up_is_said_of_limits_that_are(make_world: Make) -> None:
    used_up = "because: {zh: '全天{limit}条已用完', en: 'the {limit} of the day are used up'}\n"
    capacity = used_up + HALL.replace("hall", "sms").replace("limit: 2", "limit: 9")
    world = make_world({"weekly": WEEKLY, "capacity": capacity})
    for hour, name in enumerate("abc", 1):
        world.reserve(name, hour)
    for name, verdict, used in (("b", "permit", 1), ("c", "suppress", 2)):
        receipt = world.use.explain(name)
        assert receipt.verdict.verdict == verdict
        assert f"规则 capacity（上限9，已用{used}）" in receipt.explanation_zh
        assert f"capacity ({used} of 9 used)" in receipt.explanation_en
        assert "已用完" not in receipt.explanation_zh
        assert "used up" not in receipt.explanation_en
        assert receipt.explanation_en.count("so far") == (verdict == "suppress")  # once, as the reason


def test_the_list_that_held_a_contact_back_is_named_with_reason_source_and_since_when(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    put(world, "black", reason="欠费", source="boss", ends_at=START + 9 * HOUR)
    world.pass_hours(1)
    world.reserve("a", 3)
    put(world, "grey")  # after the verdict: none of its business
    receipt = world.use.explain("a")
    [fact] = receipt.facts
    assert (fact.kind, fact.name, fact.since, fact.until) == ("list", "black", START, START + 9 * HOUR)
    assert fact.detail == "欠费 · boss"
    assert "当时客户在黑名单（自2026-03-02 09:00起，至2026-03-02 18:00止，欠费 · boss）" in receipt.explanation_zh
    assert "最早可联系时间：2026-03-02 18:00 (Asia/Shanghai)" in receipt.explanation_zh
    world.use.list_remove("black", ["anna"])
    assert facts(world.use.explain("a")) == [("list", "black")]
    assert world.use.explain("a").facts[0].since is None  # since when is no longer known


def test_what_was_refused_when_is_told_of_outcomes_known_at_the_verdict_alone(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("before", 1)
    world.use.confirm(["before"])
    world.reserve("a", 2)
    tell_outcome(world, "before", "refused", START + HOUR)
    world.reserve("b", 3)
    assert world.use.explain("a").facts == []
    receipt = world.use.explain("b")
    [fact] = receipt.facts
    assert (fact.kind, fact.name, fact.category, fact.since) == ("outcome", "refused", "music", START + HOUR)
    assert "此前客户于2026-03-02 10:00拒绝" in receipt.explanation_zh
    assert "Before that, at 2026-03-02 10:00, the subscriber refused" in receipt.explanation_en
    world.reserve("far", 24 * 31)
    assert world.use.explain("far").facts == []  # beyond what any policy looks at


def test_a_withdrawn_reservation_says_why_and_until_when(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 24)
    put(world, "opt_out", ends_at=START + timedelta(days=5))
    world.use.recheck(["a"])
    receipt = world.use.explain("a")
    assert (receipt.verdict.verdict, receipt.state) == ("permit", "released")
    assert [one.rule_id for one in receipt.withdrawn] == ["opted-out"]
    assert "派发前复核时预留被撤回，名额已退回：opted-out，2026-03-07 09:00前不可联系" in receipt.explanation_zh
    assert "withdrawn and its place given back: opted-out, until 2026-03-07 09:00" in receipt.explanation_en
    assert facts(receipt) == []  # the entry came after the verdict


def test_a_contact_made_without_a_place_is_flagged_with_its_moment(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 1)
    world.pass_hours(60)
    world.use.confirm(["a"])
    receipt = world.use.explain("a")
    assert "。接触已于2026-03-04 21:00完成。当时已无有效预留，已标记超限。" in receipt.explanation_zh
    assert "It took place at 2026-03-04 21:00. There was no valid reservation by then" in receipt.explanation_en
    assert receipt.explanation_en.count("took place") == receipt.explanation_zh.count("完成") == 1


def test_a_contact_made_as_reserved_tells_its_moment(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 1)
    world.use.confirm(["a"])
    receipt = world.use.explain("a")
    assert "。接触已于2026-03-02 09:00完成。（规则版本" in receipt.explanation_zh
    assert " It took place at 2026-03-02 09:00. (rule set " in receipt.explanation_en


def test_a_contact_made_after_it_was_withdrawn_says_both(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 24)
    put(world, "opt_out")
    world.use.recheck(["a"])
    world.use.confirm(["a"])
    said = world.use.explain("a").explanation_en
    assert "the reservation was withdrawn and its place given back: opted-out. It took place at" in said
    assert said.count("took place") == said.count("no valid reservation") == 1


def test_an_override_that_lifted_a_list_is_told_with_both_persons(make_world: Make) -> None:
    world = make_world({"opted-out": f"{OPT_OUT}\noverride: two_persons", "black": BLACK, "weekly": WEEKLY})
    put(world, "opt_out")
    asked = OverrideProposal(
        override_id="o1",
        customer_id="anna",
        rule_id="opted-out",
        reason="asked for the new plan",
        author="li",
        ends_at=START + timedelta(days=5),
    )
    world.use.override_propose(asked)
    world.use.override_approve("o1", "wang")
    assert world.permits("a", 2)
    receipt = world.use.explain("a")
    assert facts(receipt) == [("list", "opt_out"), ("override", "opted-out")]
    assert receipt.facts[1].detail == "o1 · li → wang"
    assert "名单规则 opted-out 经双人批准放行" in receipt.explanation_zh
    assert "no list" not in receipt.explanation_en
    assert "every limit has room, and what a list forbids was lifted by two persons" in receipt.explanation_en
    assert words(world.use.recheck(["a"])) == ["permit"]
    world.use.override_withdraw("o1", "wang", "a mistake")
    assert words(world.use.recheck(["a"])) == ["suppress"]


@pytest.mark.parametrize("count", [2, 40])
def test_the_facts_of_many_receipts_are_read_together(make_world: Make, count: int) -> None:
    world = make_world(RESTRAINTS)
    put(world, "grey")
    for number in range(count):
        world.reserve(f"c{number:02}", 1 + number)
    statements: list[str] = []
    engine = open_database(world.settings()).engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    receipts = world.use.history("anna")
    assert [facts(one) for one in receipts] == [[("list", "grey")]] * count
    assert len(statements) < 15
