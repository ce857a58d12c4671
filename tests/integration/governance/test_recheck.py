"""Reservations judged again before dispatch: what arrived since they were made wins."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.governance.application.use_cases import UseCases
from services.governance.dependencies import build
from services.governance.settings import Settings
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import UNDECIDED, ListEntry, Verdict
from shared.contracts.wire import ListName, Outcome
from shared.kernel.clock import SteeredClock
from tests.integration.governance.world import BLACK, COOLING, DAILY, HALL, OPT_OUT, START, WEEKLY, World, write_rules

Make = Callable[[Mapping[str, str]], World]

QUIET = "kind: quiet_hours\nweekly:\n  - {days: [mon, tue, wed, thu, fri, sat, sun], from: '21:00', to: '09:00'}"
RESTRAINTS = {"weekly": WEEKLY, "black": BLACK, "opted-out": OPT_OUT, "cooling": COOLING}


def words(verdicts: list[Verdict]) -> list[str]:
    return [one.verdict for one in verdicts]


def decisive(verdict: Verdict) -> str:
    assert verdict.verdict == "suppress"
    return verdict.reasons[0].rule_id


def put(world: World, list_name: ListName, **fields: object) -> None:
    values = {"customer_id": "anna", "reason": "said so", "source": "hotline", "author": "agent 7"} | fields
    world.use.list_put(list_name, [ListEntry(**values)])  # type: ignore[arg-type]  # the fields of an entry


def tell_outcome(world: World, contact_id: str, outcome: Outcome, at: datetime) -> None:
    one = RecordedOutcome(
        contact_id=contact_id,
        customer_id="anna",
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome=outcome,
        detail="",
        at=at,
    )
    world.use.outcomes_recorded(f"event-{contact_id}", OutcomesRecorded(outcomes=[one]))


def states(world: World) -> dict[str, tuple[str, str]]:
    return {name: (state, note) for name, state, note in world.rows("SELECT contact_id, state, note FROM contact")}


def under(world: World, folder: Path, policies: Mapping[str, str]) -> UseCases:
    """Return the service as it is after an edit of the rules."""
    return world.another(write_rules(folder / "edited", policies))


def test_reservations_that_hold_get_their_first_permit(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    first = [world.reserve("a", 24), world.reserve("b", 48), world.reserve("c", 24, customer_id="bert")]
    assert world.use.recheck(["c", "a", "b", "a"]) == [first[2], first[0], first[1], first[0]]
    assert set(states(world).values()) == {("reserved", "")}


def test_an_opt_out_after_the_reservation_wins_and_gives_the_place_back(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.use.reserve([world.ask("a", 24), world.ask("b", 48), world.ask("c", 24, customer_id="bert")])
    put(world, "opt_out", ends_at=START + timedelta(days=10))
    told = world.use.recheck(["a", "b", "c"])
    assert words(told) == ["suppress", "suppress", "permit"]
    assert [decisive(one) for one in told[:2]] == ["opted-out", "opted-out"]
    assert told[0].next_allowed_at == START + timedelta(days=10)
    assert states(world)["a"] == ("released", "recheck")
    assert world.use.recheck(["a", "b", "c"]) == told  # asked again: the same answer
    world.use.list_remove("opt_out", ["anna"])
    assert words(world.use.recheck(["a"])) == ["suppress"]  # a place given back is not taken again
    assert [world.permits("d", 24), world.permits("e", 48), world.permits("f", 50)] == [True, True, False]


def test_an_opt_out_told_by_a_channel_wins_too(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 24)
    tell_outcome(world, "earlier", "opt_out", START)
    assert decisive(world.use.recheck(["a"])[0]) == "opted-out"


def test_a_refusal_after_the_reservation_wins_within_its_reach(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.use.reserve([world.ask("before", 1), world.ask("a", 24)])
    world.use.confirm(["before"])
    tell_outcome(world, "before", "refused", START + timedelta(hours=2))
    told = world.use.recheck(["before", "a"])
    assert words(told) == ["permit", "suppress"]  # what took place, took place
    assert decisive(told[1]) == "cooling"
    assert told[1].next_allowed_at == START + timedelta(days=30, hours=2)


def test_an_entry_for_another_channel_and_one_that_has_not_begun_leave_the_reservation_alone(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 24)
    put(world, "opt_out", channel="hall")
    put(world, "black", starts_at=START + timedelta(days=2))
    assert words(world.use.recheck(["a"])) == ["permit"]


def test_where_a_limit_was_lowered_the_lowest_priority_goes_and_exactly_as_many_stay(
    make_world: Make, tmp_path: Path
) -> None:
    world = make_world({"weekly": WEEKLY.replace("limit: 2", "limit: 5")})
    priorities = {"a": 1.0, "b": 3.0, "c": 2.0, "d": 2.0, "e": 2.0}
    asked = [world.ask(name, 24 + place, priority=rank) for place, (name, rank) in enumerate(priorities.items())]
    assert words(world.use.reserve(asked)) == ["permit"] * 5
    edited = under(world, tmp_path, {"weekly": WEEKLY.replace("limit: 2", "limit: 3")})
    told = edited.recheck(["e", "d", "c", "b", "a"])
    assert {one.contact_id for one in told if one.verdict == "permit"} == {"b", "c", "d"}
    assert words(edited.recheck(["b", "c", "d"])) == ["permit"] * 3
    assert world.use.explain("a").state == "released"


def test_a_reservation_asked_for_alone_gives_way_to_those_that_stand(make_world: Make, tmp_path: Path) -> None:
    world = make_world({"weekly": WEEKLY})
    world.use.reserve([world.ask("a", 24, priority=9.0), world.ask("b", 48)])
    edited = under(world, tmp_path, {"weekly": WEEKLY.replace("limit: 2", "limit: 1")})
    assert words(edited.recheck(["a"])) == ["suppress"]
    assert words(edited.recheck(["b"])) == ["permit"]


def test_where_capacity_was_lowered_exactly_as_many_stay_and_the_counter_follows(
    make_world: Make, tmp_path: Path
) -> None:
    world = make_world({"hall": HALL.replace("limit: 2", "limit: 6")})
    asked = [world.ask(f"c{n}", 24, customer_id=f"s{n}", channel="hall", priority=n) for n in range(6)]
    assert words(world.use.reserve(asked)) == ["permit"] * 6
    edited = under(world, tmp_path, {"hall": HALL.replace("limit: 2", "limit: 4")})
    assert words(edited.recheck([f"c{n}" for n in range(6)])) == ["suppress"] * 2 + ["permit"] * 4
    assert world.rows("SELECT used FROM capacity_counter WHERE used > 0") == [(4,)]
    assert edited.release(["c5"], "changed our mind")[0].state == "released"
    assert words(edited.reserve([world.ask("n1", 24, channel="hall"), world.ask("n2", 25, channel="hall")])) == [
        "permit",
        "suppress",
    ]


def test_what_is_not_outstanding_is_answered_and_nothing_is_stored(make_world: Make) -> None:
    world = make_world({"daily": DAILY})
    world.use.reserve([world.ask(name, hours) for name, hours in (("a", 1), ("b", 25), ("c", 49), ("d", 2))])
    world.use.confirm(["a"])
    world.use.release(["b"], "changed our mind")
    world.pass_hours(49 + 48)
    before = world.rows("SELECT * FROM contact ORDER BY contact_id")
    told = world.use.recheck(["a", "b", "c", "d", "nobody's"])
    assert words(told) == ["permit", "suppress", "suppress", "suppress", "suppress"]
    assert [decisive(one) for one in told[1:]] == [
        "governance/reservation-released",
        "governance/reservation-lapsed",
        "governance/never-reserved",  # d was suppressed
        "governance/never-reserved",
    ]
    assert world.rows("SELECT * FROM contact ORDER BY contact_id") == before


def test_who_is_late_is_not_contacted_in_quiet_hours_but_after_them(make_world: Make) -> None:
    world = make_world({"quiet": QUIET, "daily": DAILY})
    assert world.permits("a", 11)  # 20:00 in Shanghai
    world.pass_hours(11.5)
    assert words(world.use.recheck(["a"])) == ["permit"]  # 20:30
    world.pass_hours(3)
    told = world.use.recheck(["a"])[0]  # 23:30
    assert [reason.rule_id for reason in told.reasons] == ["governance/not-at-this-hour", "quiet"]
    assert told.next_allowed_at == datetime(2026, 3, 3, 1, tzinfo=UTC)
    world.pass_hours(9.5)
    assert words(world.use.recheck(["a"])) == ["permit"]  # 09:00 of the next morning


def test_who_is_late_and_would_lapse_in_quiet_hours_is_withdrawn(make_world: Make) -> None:
    world = make_world({"quiet": QUIET})
    assert world.permits("a", 11.9, direction="inbound")  # 20:54, and lapses half an hour later
    world.pass_hours(12.1)
    assert decisive(world.use.recheck(["a"])[0]) == "quiet"
    assert world.rows("SELECT state FROM contact") == [("released",)]


def test_who_is_late_meets_an_entry_that_began_meanwhile(make_world: Make) -> None:
    world = make_world(RESTRAINTS)
    put(world, "black", starts_at=START + timedelta(hours=5), ends_at=START + timedelta(hours=9))
    assert world.permits("a", 4)
    world.pass_hours(4.5)
    assert words(world.use.recheck(["a"])) == ["permit"]
    world.pass_hours(1)
    told = world.use.recheck(["a"])[0]
    assert decisive(told) == "black"
    assert told.next_allowed_at == START + timedelta(hours=9)


def test_a_policy_that_comes_into_force_while_one_is_late_counts(make_world: Make) -> None:
    world = make_world({"daily": DAILY, "black": BLACK + "\nvalid_for: {from: 2026-03-03}"})
    put(world, "black")
    assert world.permits("a", 14)  # 23:00 on the 2nd
    world.pass_hours(14.5)
    assert words(world.use.recheck(["a"])) == ["permit"]
    world.pass_hours(1)
    assert decisive(world.use.recheck(["a"])[0]) == "black"


def test_a_contact_made_without_a_place_takes_the_place_of_one_that_waits(make_world: Make) -> None:
    world = make_world({"daily": DAILY, "hall": HALL})
    world.reserve("lapsed", 1)
    world.pass_hours(50)
    assert world.permits("a", 60, channel="hall")
    world.use.confirm(["lapsed"])  # it took place now, on the day of a
    assert decisive(world.use.recheck(["a"])[0]) == "daily"


def test_contacts_of_others_made_without_a_place_count_for_the_operator(make_world: Make) -> None:
    world = make_world({"hall": HALL})
    others = [world.ask(f"o{n}", 2, customer_id=f"s{n}", channel="hall") for n in range(2)]
    assert words(world.use.reserve(others)) == ["permit"] * 2
    world.use.release(["o0", "o1"], "not today")
    assert world.permits("a", 3, channel="hall", customer_id="s8")
    assert world.permits("b", 4, channel="hall", customer_id="s9")
    world.use.confirm(["o0", "o1"])  # they were made all the same
    assert words(world.use.recheck(["a", "b"])) == ["suppress", "suppress"]


def test_a_contact_made_at_another_moment_than_planned_counts_at_both(make_world: Make) -> None:
    world = make_world({"daily": DAILY})
    assert [world.permits("a", 38), world.permits("b", 60)] == [True, True]
    world.pass_hours(58)
    world.use.confirm(["a"])  # planned for the day before
    assert decisive(world.use.recheck(["b"])[0]) == "daily"


def test_rules_that_went_there_and_back_do_not_hide_what_was_permitted_in_between(
    make_world: Make, tmp_path: Path
) -> None:
    world = make_world({"daily": DAILY})
    assert world.permits("a", 24)
    lenient = under(world, tmp_path, {"daily": DAILY.replace("limit: 1", "limit: 9")})
    assert words(lenient.reserve([world.ask("b", 26)])) == ["permit"]
    assert decisive(world.use.recheck(["a"])[0]) == "daily"


def test_nothing_is_sent_and_nothing_withdrawn_while_nobody_can_judge(make_world: Make, tmp_path: Path) -> None:
    world = make_world(RESTRAINTS)
    world.reserve("a", 24)
    world.pass_hours(3)
    world.reserve("b", 30, customer_id="bert")
    empty = tmp_path / "unreadable"
    empty.mkdir()
    nowhere = {"BANYAN_RULES_DIR": str(empty), "BANYAN_VAR": str(empty)}
    blind = build(Settings.read(world.variables | nowhere), world.clock)
    behind = build(world.settings(), SteeredClock(START))
    for told, code in ((blind.recheck(["a"]), "rules-unreadable"), (behind.recheck(["a"]), "clock-behind")):
        assert decisive(told[0]) == f"governance/{code}"
        assert decisive(told[0]) in UNDECIDED
    assert states(world)["a"] == ("reserved", "")
    assert words(world.use.recheck(["a"])) == ["permit"]


@pytest.mark.parametrize("count", [500])
def test_many_are_answered_by_one_reading_unless_something_came_after(
    make_world: Make, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(RESTRAINTS)
    names = [f"c{n:03}" for n in range(count)]
    world.use.reserve([world.ask(name, 24, customer_id=f"s-{name}") for name in names])
    put(world, "opt_out", customer_id="s-c007")
    judged: list[list[str]] = []
    whole = world.use._rechecking._rejudged

    def noted(unit: object, reserved: Mapping[str, object], *rest: object) -> object:
        judged.append(list(reserved))
        return whole(unit, reserved, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(world.use._rechecking, "_rejudged", noted)
    told = world.use.recheck(names)
    assert [one.contact_id for one in told if one.verdict == "suppress"] == ["c007"]
    assert judged == [["c007"]]
