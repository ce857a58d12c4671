"""Expected contacts: campaigns lived through with a sample, judged by the domain that judges real contacts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Answers, Cell, Phase, Plan, Simulation, Step, Treatment
from services.workbench.rule_plan.contacts import Expected, expect
from services.workbench.rule_plan.sampling import Questions, Sampled, Seen
from services.workbench.rule_plan.sides import Side
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import ON, make_folder, put_rule

QUIET = "kind: quiet_hours\nweekly:\n  - {days: [mon, tue, wed, thu, fri, sat, sun], from: '22:00', to: '06:00'}\n"
WEEKLY = "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {rolling: 7d}\n"
CAPACITY = "kind: capacity\napplies_to: {channels: [sms]}\nlimit: 5\nwindow: {calendar: day}\nzone: Asia/Shanghai\n"
OFFERINGS = {name: Offering(name, "", "", name, eligibility=("lawful",)) for name in ("crbt", "weather")}
REFUSED = Seen(frozenset(), frozenset({"lawful"}))


def plan_of(name: str, *, days: int = 5, steps: int = 1, pace: int | None = None, budget: int | None = None) -> Plan:
    after = tuple(Step("sms", after_hours=24, when=("no_answer",), cost_fen=10) for _ in range(steps - 1))
    return Plan(
        campaign=name,
        name_zh="",
        name_en="",
        source="",
        owner="tests",
        category=name,
        goals=(),
        phases=(Phase("only", ON, date(2026, 3, 1 + days), segment="all"),),
        cells=(Cell("treated", 1.0, ("first",)), Cell("control", 0.0)),
        treatments=(Treatment("first", name, (Step("sms", cost_fen=10), *after), revenue_fen=100),),
        converts=(),
        pace={} if pace is None else {"sms": pace},
        budget_fen=budget,
        simulation=Simulation((Answers("sms", {"accepted": 0.0}),)),
    )


def side_of(root: Path, plans: list[Plan], **policies: str) -> Side:
    make_folder(root)
    put_rule(root, "eligibility", "lawful", "level: eligibility\nwhen: {age: {at_least: 18}}\n")
    for name, body in {"quiet": QUIET, **policies}.items():
        put_rule(root, "contact_policy", name, body)
    return Side(load_rules(root), OFFERINGS, {plan.campaign: plan for plan in plans}, ON)


def members(count: int, *campaigns: str, refused: int = 0) -> list[tuple[Sampled, Seen]]:
    seen = Seen(frozenset((name, "only") for name in campaigns), frozenset())
    barred = Seen(seen.phases, REFUSED.failed)
    found = []
    for number in range(count):
        one = barred if number < refused else seen
        found.append((Sampled(f"c{number:04d}", None, frozenset(), one, one), one))
    return found


def contacts(found: Mapping[str, Expected]) -> dict[str, int]:
    return {name: one.contacts for name, one in found.items()}


def test_everybody_eligible_is_contacted_once_where_nothing_holds_back(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt")])
    (found,) = expect(side, members(40, "crbt", refused=10), 1.0).values()
    assert (found.audience, found.eligible, found.contacts) == (40, 30, 30)


def test_a_cap_per_subscriber_leaves_one_of_two_campaigns(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt"), plan_of("weather")], weekly=WEEKLY)
    found = expect(side, members(30, "crbt", "weather"), 1.0)
    assert sum(contacts(found).values()) == 30
    assert sum(one.suppressed["weekly"] for one in found.values()) == 30


def test_capacity_bounds_the_days_and_is_cut_to_the_share_of_the_sample(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt", days=4)], capacity=CAPACITY)
    assert contacts(expect(side, members(100, "crbt"), 1.0)) == {"crbt": 20}  # 5 a day
    assert contacts(expect(side, members(100, "crbt"), 0.2)) == {"crbt": 4}  # 1 a day


@pytest.mark.parametrize(("share", "wanted"), [(1.0, 28), (0.5, 14), (0.25, 7), (0.05, 1)])
def test_pace_is_cut_to_the_share_over_the_days_together(tmp_path: Path, share: float, wanted: int) -> None:
    side = side_of(tmp_path, [plan_of("crbt", days=4, pace=7)])
    assert contacts(expect(side, members(100, "crbt"), share)) == {"crbt": wanted}


def test_a_budget_ends_the_contacts(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt", budget=150)])  # 15 at 10 fen
    assert contacts(expect(side, members(40, "crbt"), 1.0)) == {"crbt": 15}
    assert contacts(expect(side, members(40, "crbt"), 0.2)) == {"crbt": 3}


def test_a_later_step_follows_the_outcome_it_names_while_the_phase_lasts(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt", steps=2)])
    assert contacts(expect(side, members(10, "crbt"), 1.0)) == {"crbt": 20}  # nobody ever answers
    short = side_of(tmp_path, [plan_of("crbt", days=1, steps=2)])
    assert contacts(expect(short, members(10, "crbt"), 1.0)) == {"crbt": 10}


def test_the_same_sample_gives_the_same_figures(tmp_path: Path) -> None:
    side = side_of(tmp_path, [plan_of("crbt", pace=9), plan_of("weather")], weekly=WEEKLY, capacity=CAPACITY)
    people = members(60, "crbt", "weather")
    assert expect(side, people, 1.0) == expect(side, people[::-1], 1.0)


def test_a_phase_by_trigger_has_no_audience_that_a_base_could_know(tmp_path: Path) -> None:
    plan = replace(plan_of("crbt"), phases=(Phase("only", ON, ON, trigger="quota-passed"),))
    side = side_of(tmp_path, [plan])
    asked = Questions(side, {"age": sa.column("age", sa.BigInteger)})
    assert [str(truth) for truth in asked.truths][:1] == ["false"]
    assert asked.seen([0b11]) == Seen(frozenset({("crbt", "only")}), frozenset())
