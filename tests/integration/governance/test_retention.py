"""What is old goes, by range and beside everybody who writes; no window is ever wrong because of it."""

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.governance.adapters import retention
from services.governance.application import retaining
from services.governance.dependencies import open_database
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ContactRequest, ListEntry, OverrideProposal, Pruned
from shared.kernel.faults import NotFound, Unavailable
from tests.integration.governance.world import BLACK, COOLING, HALL, START, WEEKLY, World

POLICIES = {"weekly": WEEKLY, "black": BLACK + "\noverride: two_persons", "cooling": COOLING, "hall": HALL}
Make = Callable[[str, Mapping[str, str]], World]
YEAR = 365 * 24


def keeping(world: World, days: float, audit_days: float = 5) -> World:
    world.variables["BANYAN_GOVERNANCE_KEEP_DAYS"] = str(days)
    world.variables["BANYAN_GOVERNANCE_KEEP_AUDIT_DAYS"] = str(audit_days)
    world.use = world.another()
    return world


@pytest.fixture
def world(make_on: Make, database_url: str) -> World:
    """Return a service that keeps 100 days, which is longer than any of its policies looks back."""
    return keeping(make_on(database_url, POLICIES), 100)


def count(world: World, table: str) -> int:
    [(number,)] = world.rows(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own tables
    return int(number)


def prune(world: World) -> Pruned:
    return world.use.retaining.prune()


def test_what_is_older_than_asked_for_goes_with_its_batches_and_the_rest_stays(world: World) -> None:
    for number in range(3):
        assert world.permits(f"old-{number}", 1, customer_id=f"s{number}")
    world.permits("old-3", 2, customer_id="s0")
    assert not world.permits("old-4", 3, customer_id="s0")
    world.pass_hours(24 * 101)
    assert world.permits("new", 24 * 101 + 1, customer_id="s0")
    done = prune(world)
    assert (done.contacts, done.verdicts, done.batches, done.is_finished) == (4, 1, 5, True)
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
        assert calls[-1].contacts + calls[-1].verdicts <= 40 + 2 * 14
    assert len(calls) > 2
    assert sum(one.contacts for one in calls) == 60
    assert sum(one.verdicts for one in calls) == 60
    assert sum(one.batches for one in calls) == 30


def test_nothing_is_deleted_while_nobody_knows_the_rules(world: World) -> None:
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    nothing = world.rules.parent / "nothing"
    nothing.mkdir()
    world.variables["BANYAN_RULE_SETS"] = str(nothing)  # nor are there any that were accepted before
    blind = world.another(nothing)
    with pytest.raises(Unavailable):
        blind.retaining.prune()


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return two services alike, of which one deletes all it may at every step; both live for many years."""
    worlds = []
    for name in ("pruned", "whole"):
        folder: Path = tmp_path_factory.mktemp(name)
        worlds.append(World(f"sqlite:///{folder}/governance.sqlite", folder, POLICIES))
    yield keeping(worlds[0], 1), worlds[1]
    for one in worlds:
        one.close()


NUMBERS = itertools.count()
STEPS = st.lists(
    st.tuples(
        st.integers(0, 24 * 20),  # hours that pass before
        st.lists(st.tuples(st.integers(0, 24 * 12), st.sampled_from(["sms", "hall"]), st.booleans()), max_size=4),
        st.sampled_from(["confirm", "release", "refuse", "nothing"]),
    ),
    min_size=2,
    max_size=7,
)


@given(steps=STEPS)
@settings(max_examples=12, deadline=None)
def test_verdicts_are_the_same_whether_or_not_what_is_old_was_deleted(twins: Any, steps: Any) -> None:
    number = next(NUMBERS)  # of its own each time: an id asked for again after years is another matter
    latest = max(one.clock.now() for one in twins)
    for one in twins:  # an example that failed may have left them at different times
        one.clock.advance(latest - one.clock.now())
    for place, (hours, wishes, afterwards) in enumerate(steps):
        told = []
        for one in twins:
            one.pass_hours(hours)
            since = (one.clock.now() - START) / timedelta(hours=1)
            asked = [
                one.ask(f"{number}-{place}-{at}-{nth}", since + at, customer_id=f"{number}-{is_first}", channel=channel)
                for nth, (at, channel, is_first) in enumerate(wishes)
            ]
            verdicts = one.use.reserve(asked)
            told.append(verdicts)
            _go_on(one, asked, [v.contact_id for v in verdicts if v.verdict == "permit"], afterwards)
        assert told[0] == told[1]
        prune(twins[0])


def _go_on(world: World, asked: list[ContactRequest], permitted: list[str], afterwards: str) -> None:
    if afterwards == "confirm":
        world.use.confirm(permitted)
    elif afterwards == "release":
        world.use.release(permitted[:1], "rain")
    elif afterwards == "refuse" and permitted:
        of = {one.contact_id: one for one in asked}
        outcomes = [
            RecordedOutcome(
                contact_id=name,
                customer_id=of[name].customer_id,
                campaign_id="spring",
                offering_id="crbt",
                channel="sms",
                outcome="refused",
                detail="",
                at=world.clock.now(),
            )
            for name in permitted
        ]
        world.use.outcomes_recorded(permitted[0], OutcomesRecorded(outcomes=outcomes))


def test_the_twin_that_deletes_has_deleted(twins: Any) -> None:
    for one in twins:
        since = (one.clock.now() - START) / timedelta(hours=1)
        one.permits("last", since + 1)
        one.pass_hours(24 * 60)
    assert prune(twins[0]).contacts >= 1
    assert count(twins[0], "contact") <= count(twins[1], "contact") - 1


@pytest.mark.servers
def test_deleting_while_others_reserve_breaks_nothing(
    make_on: Make, postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = keeping(make_on(postgres_database(), {"weekly": WEEKLY, "hall": HALL}), 1)
    monkeypatch.setattr(retention, "CHUNK", 20)
    for batch in range(30):
        world.use.reserve([world.ask(f"old-{batch}-{n}", 1 + n % 5, customer_id=f"s{n}") for n in range(20)])
    world.pass_hours(24 * 20)
    faults: list[BaseException] = []
    start = threading.Barrier(4)
    is_over = threading.Event()

    def write(writer: int) -> None:
        use = world.another()
        start.wait()
        try:
            for turn in range(25):
                told = use.reserve(
                    [
                        world.ask(f"{writer}-{turn}-{n}", 24 * 20 + 1 + turn, customer_id=f"s{n}", channel="hall")
                        for n in range(20)
                    ]
                )
                use.confirm([one.contact_id for one in told if one.verdict == "permit"])
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    def delete() -> None:
        use = world.another()
        start.wait()
        try:
            while not is_over.is_set():
                use.retaining.prune()
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    _run(writers, [threading.Thread(target=delete) for _ in range(2)], is_over)
    assert faults == []
    while not prune(world).is_finished:
        pass
    assert world.rows("SELECT 1 FROM contact WHERE contact_id LIKE 'old-%'") == []
    assert world.rows("SELECT 1 FROM suppression WHERE contact_id LIKE 'old-%'") == []
    rows = world.rows("SELECT customer_id, planned_at FROM contact ORDER BY planned_at")
    assert rows
    assert not _overfull(rows)


def _run(writers: list[threading.Thread], pruners: list[threading.Thread], is_over: threading.Event) -> None:
    for thread in writers + pruners:
        thread.start()
    for thread in writers:
        thread.join()
    is_over.set()
    for thread in pruners:
        thread.join()


def _overfull(rows: list[Any]) -> set[str]:
    """Return who has three contacts within seven days."""
    moments: dict[str, list[int]] = {}
    for customer, planned in rows:
        moments.setdefault(customer, []).append(planned)
    week = timedelta(days=7) // timedelta(microseconds=1)
    return {
        customer
        for customer, at in moments.items()
        if any(third - first < week for first, third in zip(at, at[2:], strict=False))
    }


@pytest.mark.servers
def test_no_statement_of_retention_reads_a_whole_table(make_on: Make, postgres_database: Callable[[], str]) -> None:
    world = keeping(make_on(postgres_database(), POLICIES), 100)
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    engine = open_database(world.settings()).engine
    seen: list[tuple[str, Any]] = []
    listener = lambda *told: seen.append((told[2], told[3]))  # noqa: E731 - removed by identity below
    sa.event.listen(engine, "before_cursor_execute", listener)
    prune(world)
    sa.event.remove(engine, "before_cursor_execute", listener)
    plans = []
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # then only what has no index is read whole
        for statement, parameters in seen:
            if statement.startswith(("SELECT", "DELETE")):
                plans += [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
    small = ("capacity_counter", "rule_set")  # some thousands of rows
    assert len(seen) > 15
    assert [line for line in plans if "Seq Scan" in line and not any(f"on {name}" in line for name in small)] == []


def test_the_oldest_contact_and_what_was_deleted_are_figures(world: World) -> None:
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    world.permits("b", 24 * 101 - 10)
    before = retention._pruned.labels("contact")._value.get()
    prune(world)
    assert retention._pruned.labels("contact")._value.get() == before + 1
    assert retention._oldest._value.get() == 10 * 3600
