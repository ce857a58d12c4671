"""Both databases: the same world lived through gives the same contacts; each store keeps its promises."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.campaigns.adapters.store import SqlStore
from services.campaigns.adapters.tables import metadata
from services.campaigns.application.store_ports import Store
from services.campaigns.dependencies import MIGRATIONS
from services.campaigns.domain.candidate import Cause, Contact, ContactState
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import SalesOrder
from shared.contracts.customer_view import Customer
from shared.kernel.text import Text
from shared.persistence import Database
from shared.persistence.migrations import migrate
from tests.unit.campaigns.mortality import MortalDatabase
from tests.unit.campaigns.test_crashes import begin, everything, live
from tests.unit.campaigns.world import MORNING, World, offering, plan

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)
CAUSE = Cause("rule", "1", "原因 / reason\twith a tab")


def test_the_migrations_make_the_tables_the_stores_expect(database: Database) -> None:
    found = sa.inspect(database.engine)
    for table in metadata.tables.values():
        assert [column["name"] for column in found.get_columns(table.name)] == [each.name for each in table.columns]
        expected = {index.name for index in table.indexes}
        assert expected <= {index["name"] for index in found.get_indexes(table.name)}


def test_a_rehearsal_gives_the_same_on_both_databases(tmp_path: Path, postgres_database: Callable[[], str]) -> None:
    lived = []
    for url in (f"sqlite:///{tmp_path}/campaigns.sqlite", postgres_database()):
        database = MortalDatabase(url)
        migrate(database, MIGRATIONS)
        lived.append(everything(live(begin(database), crash=False)))
        database.close()
    assert lived[0] == lived[1]


def contact(name: str, **changes: object) -> Contact:
    values: dict[str, object] = {
        "contact_id": name,
        "customer_id": "c1",
        "campaign_id": "a",
        "phase": "p1",
        "cell": "main",
        "treatment": "only",
        "offering_id": "tone",
        "step": 1,
        "attempt": 1,
        "channel": "sms",
        "direction": "outbound",
        "state": ContactState.RESERVED,
        "script_id": "s",
        "cost_fen": 5,
        "city": None,
        "decided_at": MORNING,
        "planned_at": MORNING + HOUR,
    }
    return Contact(**(values | changes))  # type: ignore[arg-type]  # values by name


def test_contacts_go_from_reserved_to_answered_and_an_acceptance_stays(store: Store) -> None:
    many = [contact(f"k{number:02d}") for number in range(12)]
    with store.write() as tx:
        tx.contacts.keep_scripts({"s": Text("您好", "hello")})
        tx.contacts.add(many)
        tx.contacts.add([contact("k00", state=ContactState.SENT)])
        assert [each.contact_id for each in tx.contacts.reserved("k09", 9)] == ["k10", "k11"]
        tx.contacts.set_dispatched(["k00", "k01"])
        tx.contacts.set_sent({"k00": MORNING, "k02": MORNING})
        tx.contacts.set_answered([("k00", "accepted", "", MORNING), ("k03", "refused", "no money", MORNING)])
        tx.contacts.set_answered([("k00", "refused", "", MORNING + HOUR)])
        assert [each.contact_id for each in tx.contacts.set_failed({"k00": "late", "k01": "no number"})] == ["k01"]
        assert tx.contacts.set_failed({"k01": "no number"}) == []
        assert tx.contacts.scripts(["s", "t"]) == {"s": Text("您好", "hello")}
    with store.read() as tx:
        found = {each.contact_id: each for each in tx.contacts.many(["k00", "k01", "k02", "k03", "zz"])}
        assert [(each.state, each.outcome) for each in found.values()] == [
            ("answered", "accepted"),
            ("failed", None),
            ("sent", None),
            ("answered", "refused"),
        ]
        assert found["k00"].contacted_at == MORNING
        assert found["k03"].contacted_at == MORNING, "an answer implies a contact"
        past = tx.contacts.recent(["c1"], MORNING)
        assert len(past) == 11, "the failed one does not count"
        assert tx.contacts.recent(["c1"], MORNING + 2 * HOUR) == []


def test_reasons_come_back_as_they_were_given(store: Store) -> None:
    with store.write() as tx:
        tx.contacts.add([contact(f"k{number}", reasons=(CAUSE,), state=ContactState.SUPPRESSED) for number in range(9)])
        found = tx.contacts.get("k3")
        assert found is not None
        assert found.reasons == (CAUSE,)
        assert tx.contacts.get("nobody") is None


def test_a_snapshot_gives_way_to_newer_ones_only(store: Store, database: Database) -> None:
    def told(products: list[str], at: datetime) -> Customer:
        return Customer(customer_id="c1", facts={"products": products}, segments=["s"], changed_at=at)

    def holdings() -> set[str]:
        with database.read() as connection:
            return set(connection.scalars(sa.text("SELECT product FROM holding WHERE customer_id = 'c1'")))

    with store.write() as tx:
        tx.replicas.put_customers([told(["crbt"], MORNING), told(["crbt", "news"], MORNING + HOUR)])
    assert holdings() == {"crbt", "news"}
    with store.write() as tx:
        tx.replicas.put_customers([told([], MORNING)])
    assert holdings() == {"crbt", "news"}
    with store.write() as tx:
        tx.replicas.put_customers([told(["news"], MORNING + 2 * HOUR)])
        customer = tx.replicas.customer("c1")
        assert customer is not None
        assert customer.facts == {"products": ["news"]}
    assert holdings() == {"news"}


def test_a_late_message_cannot_undo_a_newer_list_entry(store: Store) -> None:
    with store.write() as tx:
        tx.replicas.put_list("black", ["c1"], [], MORNING + HOUR)
        tx.replicas.put_list("black", [], ["c1"], MORNING)
        assert tx.replicas.lists_of("c1") == {"black"}
        tx.replicas.put_list("black", [], ["c1"], MORNING + 2 * HOUR)
        assert tx.replicas.lists_of("c1") == frozenset()


def test_the_catalogue_keeps_what_was_told_last(store: Store) -> None:
    with store.write() as tx:
        tx.replicas.put_offerings([Offering("tone", "铃", "tone", "crbt")])
        tx.replicas.put_offerings([Offering("tone", "彩铃", "tone", "crbt", products=("crbt",))])
        assert tx.replicas.offerings() == {"tone": Offering("tone", "彩铃", "tone", "crbt", products=("crbt",))}


def test_an_order_exists_once_per_contact(store: Store) -> None:
    order = SalesOrder("k1", "c1", "a", "p1", "main", "only", "tone", accepted_at=MORNING, due_at=MORNING)
    with store.write() as tx:
        tx.orders.add([order])
        tx.orders.add([order])
        assert tx.orders.open(MORNING, "", 9) == [order]
        assert tx.orders.open(MORNING, "k1", 9) == []
        assert tx.orders.open(MORNING - HOUR, "", 9) == []
        assert tx.orders.open_of(["c1"]) == [("c1", "a", "tone")]
        tx.orders.save([SalesOrder(*("k1", "c1", "a", "p1", "main", "only", "tone"), MORNING, MORNING, "fulfilled", 1)])
        assert tx.orders.open_of(["c1"]) == []


def test_a_lease_has_one_holder_until_it_ends(store: Store) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert store.acquire("run", "one", now, now + HOUR)
    assert store.acquire("run", "one", now, now + 2 * HOUR), "its holder may extend it"
    assert not store.acquire("run", "two", now + HOUR, now + 3 * HOUR)
    assert store.acquire("run", "two", now + 3 * HOUR, now + 4 * HOUR)
    store.release("run", "one")
    assert not store.acquire("run", "one", now + 3 * HOUR, now + 4 * HOUR), "who lost it cannot give it back"
    store.release("run", "two")
    assert store.acquire("run", "one", now + 3 * HOUR, now + 4 * HOUR)


@pytest.mark.parametrize("name", ["nothing", "a\x00", "\ud800"])
def test_a_campaign_that_no_database_can_name_is_not_there(store: Store, name: str) -> None:
    with store.write() as tx:
        assert tx.cases.get(name) is None
        assert tx.cases.get(name, lock=True) is None


def test_who_rests_is_paused_or_ended_since_and_told_with_whom_it_is_like(url: str) -> None:
    at = World(url)
    at.offer(offering("tone", "crbt"))
    at.launch(*(plan(name, similar_to=["other"]) for name in ("live", "paused", "stopped")))
    at.use.cases.draft(plan("draft", similar_to=["other"]))
    at.use.cases.move("paused", "pause")
    at.use.cases.move("stopped", "stop")
    now = at.clock.now()
    with SqlStore(at.database).read() as tx:
        assert tx.cases.resting(now) == {"paused": ["other"], "stopped": ["other"]}
        assert tx.cases.resting(now + timedelta(microseconds=1)) == {"paused": ["other"]}
    at.database.close()
