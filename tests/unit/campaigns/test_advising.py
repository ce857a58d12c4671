"""What a visitor is offered: who gets nothing, what comes first, what is withheld and why."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.campaigns.adapters.rules import FolderRules
from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.kept_setting import KeptSetting
from services.campaigns.application.ports import Eligible, RuleWords
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.conflicts import Exclusive, NotWithin
from services.campaigns.domain.members import Members
from shared.kernel.faults import Fault, NotFound, Unavailable
from shared.kernel.text import Text
from shared.rulekit.in_force.rule_source import RuleSource
from shared.rulekit.rules import Level
from tests.unit.campaigns.desk import VISITOR, Desk, Maker, offered, on_visit, question, withheld
from tests.unit.campaigns.mortality import Trouble, unavailable
from tests.unit.campaigns.neighbours import FULL, FakeRules
from tests.unit.campaigns.world import MORNING, offering
from tests.unit.customer_view.rules_folder import write_rules

ONE_CRBT = Exclusive("one-crbt", "3", Text("一项彩铃", "one CRBT"), Members(categories=frozenset({"crbt"})))


@pytest.fixture
def desk(tmp_path: Path) -> Maker:
    return lambda *plans, **given: Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", *plans, **given)


def test_a_control_member_is_offered_nothing(desk: Maker) -> None:
    shares = [{"cell": "main", "share": 0.5, "treatments": ["only"]}, {"cell": "control", "share": 0.5}]
    at = desk(on_visit("a", "tone", cells=shares), size=12)
    cells = at.by_cell()
    assert cells["control"]
    assert cells["main"]
    for cell, campaigns in (("control", []), ("main", ["a"])):
        answers = at.ask_all(*(question(f"r-{each}", each) for each in sorted(cells[cell])))
        assert [offered(each) for each in answers if not isinstance(each, Fault)] == [campaigns] * len(cells[cell])
        assert [each.withheld for each in answers if not isinstance(each, Fault)] == [[]] * len(cells[cell])


@pytest.mark.parametrize("state", ["control", "accepted", "refused", "closed"])
def test_a_place_that_is_shut_is_not_reopened_by_a_visit(desk: Maker, state: str) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"))
    at.set_state("a", state)
    answer = at.ask()
    assert offered(answer) == ["b"]
    assert answer.withheld == []


@pytest.mark.parametrize("state", ["dropped", "ready", "waiting", "silent", "done"])
def test_any_other_place_may_be_advised(desk: Maker, state: str) -> None:
    at = desk(on_visit("a", "tone"))
    at.set_state("a", state)
    assert offered(at.ask()) == ["a"]


def test_only_the_channels_the_plan_names_offer_it(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper", inbound=["web"]))
    assert offered(at.ask("r1", channel="hall")) == ["a"]
    assert offered(at.ask("r2", channel="web")) == ["b"]


def test_a_paused_campaign_is_not_advised(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"))
    at.use.cases.move("a", "pause")
    assert offered(at.ask()) == ["b"]


def test_offers_come_best_first_and_no_more_than_asked_for(desk: Maker) -> None:
    at = desk(
        on_visit("a", "tone", priority=10), on_visit("b", "paper", priority=90), on_visit("c", "music", priority=50)
    )
    answer = at.ask(limit=2)
    assert offered(answer) == ["b", "c"]
    assert [each.score for each in answer.offers] == sorted((each.score for each in answer.offers), reverse=True)
    assert withheld(answer)["a"].stage == "after_limits"
    assert [each.rule_id for each in withheld(answer)["a"].reasons] == ["campaign:beyond-limit"]
    assert len(at.governance.requests) == 2, "nothing is reserved that is not offered"


def test_eligibility_is_judged_on_what_is_known_today(desk: Maker) -> None:
    at = desk(on_visit("a", "app"), tags={VISITOR: ["app"]})
    before = at.ask("r1")
    assert offered(before) == ["a"]
    assert [(each.rule_id, each.rule_version) for each in before.offers[0].reasons] == [("app", "1")]
    at.know(VISITOR, MORNING.replace(hour=5), tags=[])
    after = at.ask("r2")
    assert offered(after) == []
    assert withheld(after)["a"].stage == "eligible"
    assert [each.rule_id for each in withheld(after)["a"].reasons] == ["app"]
    assert not [each for each in at.contacts() if each[0] != before.offers[0].contact_id]


def test_whoever_fell_out_when_the_phase_opened_is_offered_it_once_the_facts_fit(desk: Maker) -> None:
    at = desk(on_visit("a", "app"))
    at.set_state("a", "dropped")
    assert offered(at.ask("r1")) == []
    at.know(VISITOR, MORNING.replace(hour=5), tags=["app"])
    assert offered(at.ask("r2")) == ["a"]


def test_of_a_cell_s_treatments_the_first_that_fits_today_is_offered(desk: Maker) -> None:
    treatments = [{"treatment": name, "offering": name, "revenue_fen": 1} for name in ("app", "wap")]
    cells = [{"cell": "main", "share": 1.0, "treatments": ["app", "wap"]}, {"cell": "control", "share": 0.0}]
    at = desk(
        on_visit("a", "app", treatments=treatments, cells=cells), tags={"c00001": ["wap"], VISITOR: ["app", "wap"]}
    )
    assert [each.offering_id for each in at.ask("r0").offers] == ["app"]
    assert [each.offering_id for each in at.ask("r1", "c00001").offers] == ["wap"]


def test_reasons_name_the_rule_and_carry_the_subscriber_s_own_figures(desk: Maker, tmp_path: Path) -> None:
    folder = write_rules(tmp_path / "rules")
    for name, least in (("app", 50), ("wap", 5)):
        place = folder / "eligibility" / name
        place.mkdir()
        (place / "rule.yaml").write_text(
            f"id: {name}\nowner: tests\nlevel: suitability\n"
            'because: {zh: "余额{balance}元", en: "balance {balance}"}\n'
            f"when: {{balance: {{at_least: {least}}}}}\n",
            encoding="utf-8",
        )
        (place / "cases.yaml").write_text("- {title: nobody, facts: {}, expect: unknown}\n", encoding="utf-8")
    at = desk(on_visit("a", "app"), on_visit("b", "wap"), judge=FolderRules(RuleSource(folder)))
    at.know(VISITOR, MORNING.replace(hour=5), balance=1_250)
    answer = at.ask()
    [because] = answer.offers[0].reasons
    [why_not] = withheld(answer)["a"].reasons
    assert (offered(answer), because.rule_id, why_not.rule_id) == (["b"], "wap", "app")
    assert "{" not in because.text + why_not.text
    for text in (because.text, why_not.text):
        assert "12.5" in text
        assert " / " in text
    assert why_not.text.startswith("不满足（适配性）：")


def test_of_several_reasons_the_lowest_level_is_told_first(desk: Maker) -> None:
    levels: dict[str, Level] = {"fits": "suitability", "law": "eligibility", "sense": "applicability"}
    words = {name: RuleWords("1", Text(name, name), level) for name, level in levels.items()}
    at = desk(on_visit("a", "paper"), rules=FakeRules(eligibility=words))
    at.offer(offering("paper", "news", rules=["fits", "sense", "law"]))
    [*reasons] = withheld(at.ask())["a"].reasons
    assert [each.rule_id for each in reasons] == ["law", "sense", "fits"]
    assert [each.text.partition(" / ")[2].partition(":")[0] for each in reasons] == [
        f"not met ({levels[each.rule_id]})" for each in reasons
    ]


def test_without_an_answer_of_the_rules_engine_nothing_that_needs_one_is_offered(desk: Maker) -> None:
    class Silent(FakeRules):
        def eligible(self, rule_ids: Sequence[str], facts: Mapping[str, Any], on: date, key: str) -> Eligible:  # noqa: ARG002 - the port's signature
            return Eligible({}, {name: Cause("campaign:engine-fault", "1", "无 / none") for name in rule_ids})

    at = desk(on_visit("a", "app"), on_visit("b", "tone"), rules=Silent(), tags={VISITOR: ["app"]})
    answer = at.ask()
    assert offered(answer) == ["b"]
    assert [each.rule_id for each in withheld(answer)["a"].reasons] == ["campaign:engine-fault"]


def test_of_two_exclusive_offers_the_better_one_wins_and_the_other_says_why(desk: Maker) -> None:
    rules = FakeRules(conflicts=[ONE_CRBT])
    at = desk(on_visit("a", "tone", priority=10), on_visit("b", "box", priority=90), rules=rules)
    answer = at.ask()
    assert offered(answer) == ["b"]
    lost = withheld(answer)["a"]
    assert (lost.stage, lost.offering_id) == ("after_conflicts", "tone")
    assert [(each.rule_id, each.rule_version) for each in lost.reasons] == [("one-crbt", "3")]
    assert "b" in lost.reasons[0].text


def test_a_place_taken_by_another_campaign_keeps_its_rivals_out(desk: Maker) -> None:
    rules = FakeRules(conflicts=[ONE_CRBT])
    at = desk(on_visit("a", "tone"), on_visit("b", "box", inbound=["web"]), rules=rules)
    at.set_state("b", "waiting")
    with at.database.write() as connection:
        connection.exec_driver_sql("UPDATE candidate SET offering_id = 'box' WHERE campaign_id = 'b'")
    answer = at.ask()
    assert offered(answer) == []
    assert [each.rule_id for each in withheld(answer)["a"].reasons] == ["one-crbt"]


def test_an_offer_made_lately_is_not_made_again(desk: Maker) -> None:
    again = NotWithin("not-again", "1", Text("刚推荐过", "offered lately"), "offering", timedelta(days=14))
    at = desk(on_visit("a", "tone"), rules=FakeRules(conflicts=[again]))
    assert offered(at.ask("r1")) == ["a"]
    second = at.ask("r2")
    assert offered(second) == []
    assert [each.rule_id for each in withheld(second)["a"].reasons] == ["not-again"]


def test_where_governance_suppresses_the_best_the_next_best_is_tried(desk: Maker) -> None:
    at = desk(
        on_visit("a", "tone", priority=90), on_visit("b", "paper", priority=50), on_visit("c", "music", priority=10)
    )
    at.governance.against = {"tone"}
    answer = at.ask(limit=1)
    assert offered(answer) == ["b"]
    assert withheld(answer)["a"].stage == "after_limits"
    assert withheld(answer)["a"].reasons == [FULL]
    assert [each.rule_id for each in withheld(answer)["c"].reasons] == ["campaign:beyond-limit"]
    assert at.governance.batches == [1, 1]


def test_everything_suppressed_is_an_answer_with_reasons(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"))
    at.governance.against = {"tone", "paper"}
    answer = at.ask()
    assert answer.offers == []
    assert {each.campaign_id for each in answer.withheld} == {"a", "b"}
    assert all(each.reasons for each in answer.withheld)
    assert at.contacts() == [], "an offer not made is no contact"


def test_without_governance_nothing_is_offered_and_nothing_kept(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    at.governance.trouble = Trouble(at=1, kind=unavailable)
    with pytest.raises(Unavailable):
        at.ask("r1")
    assert at.contacts() == []
    assert at.rows("SELECT * FROM advice") == at.rows("SELECT * FROM script") == []
    assert offered(at.ask("r1")) == ["a"], "and the same request may be asked again"


def test_verdicts_of_other_requests_are_not_believed(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"))
    right = at.governance.reserve
    at.governance.reserve = lambda requests: right(requests)[::-1]  # type: ignore[method-assign]  # the fake's answer is replaced
    with pytest.raises(Unavailable):
        at.ask("r1")
    assert at.contacts() == []


def test_contact_ids_are_unique_and_what_is_offered_is_what_was_permitted(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"), on_visit("c", "music"), size=6)
    everybody = at.view.segments["everybody"]
    answers = at.ask_all(*(question(f"r{n}-{each}", each) for each in everybody for n in range(2)))
    offers = [offer for each in answers if not isinstance(each, Fault) for offer in each.offers]
    ids = [each.contact_id for each in offers]
    assert len(ids) == len(set(ids)) == 6 * 2 * 3
    assert set(ids) == {each[0] for each in at.contacts()} == set(at.governance.requests)
    for each in at.governance.requests.values():
        assert (each.direction, each.purpose, each.channel) == ("inbound", "marketing", "hall")


def test_more_offers_than_one_message_may_carry_are_asked_in_several(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"), on_visit("c", "music"), size=80)
    answers = at.ask_all(*(question(f"r-{each}", each) for each in at.view.segments["everybody"]))
    assert at.governance.batches == [200, 40]
    assert [len(each.offers) for each in answers if not isinstance(each, Fault)] == [3] * 80


def test_name_and_script_are_in_the_desk_s_language(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    [zh], [en] = at.ask("r1").offers, at.ask("r2", language="en").offers
    assert (zh.name, zh.script) == ("产品tone", "您好，tone")
    assert (en.name, en.script) == ("tone", "hello, tone")


def test_advice_through_the_service_s_own_door_is_the_same(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    assert at.use.recommend(question("r1")) == at.ask("r1")
    with pytest.raises(NotFound):
        at.use.recommend(question("r2", "nobody"))


def test_a_setting_is_kept_for_a_moment_and_then_read_anew(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    seconds = [10.0]
    kept: Callable[[], Any] = KeptSetting(SqlStore(at.database), at.rules, at.clock, lambda: seconds[0], 1.0)
    first = kept()
    assert set(first.plans) == {"a"}
    at.use.cases.move("a", "pause")
    seconds[0] = 10.9
    assert kept() is first
    seconds[0] = 11.0
    assert kept().plans == {}
