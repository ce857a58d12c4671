"""What is old goes, by range and a little at a time; what may still count stays."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.governance.adapters import retention
from services.governance.application import retaining
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListEntry, OverrideProposal
from shared.kernel.faults import NotFound, Unavailable
from tests.integration.governance.pruned_world import POLICIES, count, keeping, prune
from tests.integration.governance.world import START, WEEKLY, World

Make = Callable[[str, Mapping[str, str]], World]
YEAR = 365 * 24


@pytest.fixture
def world(make_on: Make, database_url: str) -> World:
    """Return a service that keeps 100 days, which is longer than any of its policies looks back."""
    return keeping(make_on(database_url, POLICIES), 100)


def test_what_is_older_than_asked_for_goes_with_its_batches_and_the_rest_stays(world: World) -> None:
    for number in range(3):
        assert world.permits(f"old-{number}", 1, customer_id=f"s{number}")
    world.permits("old-3", 2, customer_id="s0")
    assert not world.permits("old-4", 3, customer_id="s0")
    world.pass_hours(24 * 101)
    assert world.permits("new", 24 * 101 + 1, customer_id="s0")
    done = prune(world)
    assert (done.contacts, done.suppressions, done.batches, done.is_finished) == (4, 1, 5, True)
    assert done.before == world.clock.now() - timedelta(days=100)
    assert [one.request.contact_id for one in world.use.history("s0")] == ["new"]
    with pytest.raises(NotFound):
        world.use.explain("old-4")
    assert (count(world, "contact"), count(world, "suppression"), count(world, "decision")) == (1, 0, 1)
    assert (prune(world).contacts, prune(world).is_finished) == (0, True)


def test_the_newest_batch_stays_so_that_no_clock_goes_back(world: World) -> None:
    world.permits("only")
    world.pass_hours(24 * 200)
    assert prune(world).contacts == 1
    assert count(world, "decision") == 1


def test_a_setting_shorter_than_policies_look_back_is_raised_and_told_once(make_on: Make, database_url: str) -> None:
    world = keeping(make_on(database_url, {"weekly": WEEKLY}), 1)  # two in any seven days
    assert world.permits("a", 1)
    assert world.permits("b", 2)
    world.use.confirm(["a", "b"])
    with capture_logs() as told:
        for _ in range(6):
            world.pass_hours(24)
            assert prune(world).contacts == 0
    assert [one["event"] for one in told] == ["retention_raised"]
    assert not world.permits("c", 24 * 6 + 3)
    world.pass_hours(24 * 5)
    assert prune(world).contacts == 2


def test_a_contact_gone_is_refused_when_asked_for_again_since_its_time_has_passed(world: World) -> None:
    assert world.permits("a", 1)
    world.pass_hours(24 * 101)
    assert prune(world).contacts == 1
    told = world.reserve("a", 1)
    assert (told.verdict, told.reasons[0].rule_id) == ("suppress", "governance/planned-in-the-past")


def test_reservations_still_open_are_kept_however_long_ago_they_were_made(world: World) -> None:
    assert world.permits("far", YEAR)
    assert world.permits("near", 1, customer_id="ben")
    world.pass_hours(YEAR - 1)
    assert prune(world).contacts == 1
    assert world.use.explain("far").state == "reserved"
    assert [one.state for one in world.use.confirm(["far"])] == ["confirmed"]


def test_a_contact_made_long_after_it_was_planned_is_kept_and_its_batch_forgets_the_others(world: World) -> None:
    entries = [
        ListEntry(customer_id=name, reason=f"of {name}", source="hall", author="clerk", ends_at=START)
        for name in ("anna", "ben")
    ]
    world.use.list_put("black", entries)
    asked = [world.ask("late", 1), world.ask("early", 1, customer_id="ben")]
    assert [one.verdict for one in world.use.reserve(asked)] == ["permit", "permit"]
    world.pass_hours(24 * 99)
    world.use.confirm(["late"])
    world.pass_hours(24 * 2)
    assert prune(world).contacts == 1
    assert world.use.explain("late").verdict.verdict == "permit"
    [(marks,)] = world.rows("SELECT marks FROM decision")
    assert [mark[0] for mark in json.loads(marks)] == ["anna"]
    assert not [one for one in world.rows("SELECT * FROM list_entry") if "ben" in one]


def test_everything_else_goes_when_it_has_ended_and_the_audit_after_its_own_time(world: World) -> None:
    keeping(world, 100, audit_days=300)
    ends = START + timedelta(days=3)
    entry = ListEntry(customer_id="anna", reason="asked", source="hall", author="clerk", ends_at=ends)
    world.use.list_put("black", [entry])
    world.use.list_put("grey", [ListEntry(customer_id="anna", reason="asked", source="hall", author="clerk")])
    proposal = {"customer_id": "anna", "rule_id": "black", "reason": "asked", "author": "li", "ends_at": ends}
    world.use.override_propose(OverrideProposal(override_id="o", **proposal))
    world.use.override_approve("o", "wang")
    assert world.permits("a", 1, channel="hall")
    outcome = RecordedOutcome(
        contact_id="a",
        customer_id="anna",
        campaign_id="spring",
        offering_id="crbt",
        channel="hall",
        outcome="refused",
        detail="",
        at=START,
    )
    world.use.outcomes_recorded("event", OutcomesRecorded(outcomes=[outcome]))
    tables = ("contact", "outcome", "override", "capacity_counter", "inbox")
    assert [count(world, table) for table in (*tables, "list_entry", "audit")] == [1, 1, 1, 1, 1, 2, 4]
    world.pass_hours(24 * 104)
    assert world.permits("b", 24 * 104 + 1, customer_id="ben")
    done = prune(world)
    assert (done.contacts, done.outcomes) == (1, 1)
    assert [count(world, table) for table in (*tables, "list_entry", "audit")] == [1, 0, 0, 0, 0, 1, 4]
    world.pass_hours(24 * 200)
    prune(world)
    assert count(world, "audit") == 0
    assert count(world, "list_entry") == 1  # it has no end


def test_rule_sets_that_no_verdict_names_any_more_go(world: World) -> None:
    world.permits("a", 1)
    rule = world.rules / "contact_policy" / "weekly" / "rule.yaml"
    rule.write_text(rule.read_text("utf-8").replace("limit: 2", "limit: 1"), "utf-8")
    world.use = world.another()
    world.pass_hours(24 * 101)
    assert world.permits("b", 24 * 101 + 1)
    assert count(world, "rule_set") == 2
    prune(world)
    assert count(world, "rule_set") == 1
    assert world.use.explain("b").counters


def test_much_is_deleted_in_many_short_transactions_and_a_call_says_when_there_is_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 10)
    monkeypatch.setattr(retaining, "MOST", 40)
    for number in range(30):
        world.use.reserve([world.ask(f"{number}-{place}", 1, customer_id=f"s{number}") for place in range(4)])
    world.pass_hours(24 * 101)
    world.permits("new", 24 * 101 + 1)
    calls = []
    while not calls or not calls[-1].is_finished:
        calls.append(prune(world))
        assert calls[-1].contacts + calls[-1].suppressions <= 40 + 2 * 14
    assert len(calls) > 2
    assert sum(one.contacts for one in calls) == 60
    assert sum(one.suppressions for one in calls) == 60
    assert sum(one.batches for one in calls) == 30


def test_nothing_is_deleted_while_nobody_knows_the_rules(world: World) -> None:
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    nothing = world.rules.parent / "nothing"
    nothing.mkdir()
    world.variables["BANYAN_RULE_SETS"] = str(nothing)  # nor are there any that were accepted before
    blind = world.another(nothing)
    with pytest.raises(Unavailable):
        blind.prune()


def test_the_oldest_contact_and_what_was_deleted_are_figures(world: World) -> None:
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    world.permits("b", 24 * 101 - 10)
    before = retention._pruned.labels("contact")._value.get()
    prune(world)
    assert retention._pruned.labels("contact")._value.get() == before + 1
    assert retention._oldest._value.get() == 10 * 3600
