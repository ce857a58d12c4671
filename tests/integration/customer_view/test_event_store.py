"""Events, firings and the watch, on SQLite and on PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.customer_view.adapters import events as events_module
from services.customer_view.adapters.store import SqlStore
from services.customer_view.adapters.tables import trigger_firing, trigger_rules
from services.customer_view.application.event_ports import Events, Firing
from services.customer_view.application.happenings import Happening
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import MIGRATIONS, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import CustomerEvent, CustomerRecord
from shared.kernel.clock import SteeredClock
from shared.persistence import database as database_module
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.windows import Event
from tests.unit.customer_view.rules_folder import write_rules

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
Work = Callable[[Events], object]


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    return load_rules(write_rules(tmp_path / "rules"))


@pytest.fixture
def within(database_url: str, book: RuleBook) -> Iterator[Callable[[Work], object]]:
    """Do something in a transaction of its own, and return what came of it."""
    database = Database(database_url)
    migrate(database, MIGRATIONS)
    store = SqlStore(database)

    def within(work: Work) -> object:
        with store.write(book) as transaction:
            return work(transaction.events)

    yield within
    database.close()


def happened(event_id: str, who: str, ago: timedelta = HOUR, **attributes: object) -> Happening:
    return Happening(event_id, who, Event("quota_passed", NOW - ago, attributes))  # type: ignore[arg-type]  # attributes of any type


def test_events_come_back_by_subscriber_and_the_first_of_an_id_stands(within: Callable[[Work], object]) -> None:
    first, other = happened("1", "a", percent=80, product="彩铃"), happened("2", "b")
    within(lambda events: events.keep([first, other, happened("3", "a", 3 * HOUR)]))
    within(lambda events: events.keep([happened("1", "b", percent=1), other]))
    since = {"quota_passed": NOW - 2 * HOUR, "top_up": NOW - HOUR / 2}
    topped = [Happening(f"t{ago}", "b", Event("top_up", NOW - ago * HOUR, {})) for ago in (0, 1)]
    within(lambda events: events.keep([*topped, Happening("5", "a", Event("trial_started", NOW, {}))]))
    found = within(lambda events: dict(events.of_customers(["a", "b", "c"], since)))
    assert found == {"a": [first.event], "b": [other.event, topped[0].event]}


def test_of_a_subscriber_to_whom_too_much_happens_the_newest_of_each_type_is_read(
    within: Callable[[Work], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "MOST_OF_A_TYPE", 2)
    passed = [happened(f"p{hours}", "a", hours * HOUR) for hours in range(4)]
    others = [happened("b", "b"), Happening("t", "a", Event("top_up", NOW - 9 * HOUR, {}))]
    within(lambda events: events.keep([*passed, *others]))
    since = dict.fromkeys(("quota_passed", "top_up"), NOW - 10 * HOUR)
    found = within(
        lambda events: {
            who: sorted(one.at for one in seen) for who, seen in events.of_customers(["a", "b"], since).items()
        }
    )
    assert found == {"a": [NOW - 9 * HOUR, NOW - HOUR, NOW], "b": [NOW - HOUR]}


def test_the_latest_firing_counts(within: Callable[[Work], object]) -> None:
    fired = [Firing("a", "t", "1", 2), Firing("b", "u", "1", 1)]
    within(lambda events: events.add_firings(fired, at=NOW - HOUR, rule_set="r"))
    within(lambda events: events.add_firings(fired[:1], at=NOW, rule_set="r"))
    last = within(lambda events: events.last_firings(["a", "b", "c"]))
    assert last == {("a", "t"): NOW, ("b", "u"): NOW - HOUR}


def test_the_watch_is_read_in_pages_of_instant_and_subscriber(within: Callable[[Work], object]) -> None:
    looks = {"a": NOW, "b": NOW - HOUR, "c": NOW, "d": NOW + HOUR, "e": NOW}
    within(lambda events: events.watch(looks))
    within(lambda events: events.watch({"e": None, "a": NOW - 2 * HOUR, "nobody": None}))
    page = within(lambda events: events.due(NOW, None, 2))
    assert page == [(NOW - 2 * HOUR, "a"), (NOW - HOUR, "b")]
    assert within(lambda events: events.due(NOW, (NOW - HOUR, "b"), 2)) == [(NOW, "c")]


def test_other_triggers_have_everybody_with_recent_events_looked_at_once(within: Callable[[Work], object]) -> None:
    within(lambda events: events.keep([happened("1", "a"), happened("2", "a"), happened("3", "old", 9 * HOUR)]))
    within(lambda events: events.watch({"a": NOW + HOUR, "later": NOW + HOUR}))
    for version, expected in (("v1", [(NOW, "a")]), ("v1", []), ("v2", [(NOW, "a")])):
        within(lambda events, version=version: events.watch_all(version, since=NOW - 2 * HOUR, at=NOW))  # type: ignore[misc]  # the default binds the loop's value
        assert within(lambda events: events.due(NOW, None, 9)) == expected
        within(lambda events: events.watch({"a": None}))


@pytest.mark.servers
def test_looking_at_a_whole_province_may_take_longer_than_other_statements(
    postgres_database: Callable[[], str], book: RuleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_STATEMENT_SECONDS", 0.3)
    database = Database(postgres_database())
    migrate(database, MIGRATIONS)
    store = SqlStore(database)
    store.prepare(book)
    with database.write() as writer:
        writer.exec_driver_sql("LOCK TABLE trigger_watch IN ROW EXCLUSIVE MODE")
        looking = threading.Thread(target=_watch_all, args=(store, book))
        looking.start()
        looking.join(0.6)  # it waits for the writer, beyond what any other statement may take
    looking.join()
    with database.read() as connection:
        assert connection.scalar(sa.select(trigger_rules.c.version)) == "v1"
    database.close()


def _watch_all(store: SqlStore, book: RuleBook) -> None:
    with store.write(book) as transaction:
        transaction.events.watch_all("v1", since=NOW, at=NOW)


def test_old_events_are_deleted_in_slices(within: Callable[[Work], object]) -> None:
    within(lambda events: events.keep([happened(str(hours), "a", hours * HOUR) for hours in range(6)]))
    assert [within(lambda events: events.forget(NOW - 2 * HOUR, 2)) for _ in range(3)] == [2, 1, 0]
    found = within(
        lambda events: sorted(one.at for one in events.of_customers(["a"], {"quota_passed": NOW - 99 * HOUR})["a"])
    )
    assert found == [NOW - 2 * HOUR, NOW - HOUR, NOW]


def test_whoever_is_judged_by_many_at_once_fires_once(
    use_cases: UseCases, settings: Settings, clock: SteeredClock
) -> None:
    everybody = [f"c{number:02d}" for number in range(20)]
    use_cases.upsert_customers([CustomerRecord(customer_id=who, facts={"age": 30}) for who in everybody])
    clock.advance(HOUR)
    faults: list[BaseException] = []

    def record(number: int) -> None:
        order = everybody if number % 2 else everybody[::-1]
        events = [
            CustomerEvent(
                event_id=f"{who}-{number % 4}-{at}",  # two tell the same
                customer_id=who,
                type="quota_passed",
                at=NOW + HOUR / 2,
                attributes={"percent": 90},
            )
            for who in order
            for at in range(2)
        ]
        try:
            use_cases.triggers.record_events(events)
            use_cases.triggers.fire_due(None)
        except BaseException as fault:  # noqa: BLE001 - told to the test
            faults.append(fault)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with open_database(settings).read() as connection:
        fired = Counter(connection.scalars(sa.select(trigger_firing.c.customer_id)))
    assert fired == dict.fromkeys(everybody, 1)
