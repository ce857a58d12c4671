"""What others do between two statements of one call: the answer is true all the same, before them or after."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.governance.adapters import store
from services.governance.adapters.ledger import SqlLedger
from services.governance.adapters.locks import keys_of
from services.governance.adapters.reservations import SqlReservations
from services.governance.domain.pseudonyms import lane_of
from shared.contracts.governance import ListEntry, OverrideProposal
from tests.integration.governance.world import BLACK, START, WEEKLY, World

NUMBER = "13800138000"
Make = Callable[[str, Mapping[str, str]], World]


def erasing(world: World) -> World:
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = "a key of more than thirty-two letters"
    world.use = world.another()
    return world


@pytest.fixture
def world(make_on: Make, database_url: str) -> World:
    return erasing(make_on(database_url, {"weekly": WEEKLY, "black": BLACK + "\noverride: two_persons"}))


@contextmanager
def before_first(kind: type, name: str, happens: Callable[[], object]) -> Iterator[None]:
    """Have something happen before the first call of a method, once the transaction has begun to read."""
    method = getattr(kind, name)
    waiting = [happens]

    def called(self: Any, *args: Any, **kw: Any) -> Any:
        while waiting:
            waiting.pop()()
        return method(self, *args, **kw)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kind, name, called)
        yield
    assert not waiting


@pytest.mark.parametrize("asked", ["explain", "confirm", "release", "recheck", "history", "check"])
def test_the_first_erasure_of_all_in_the_midst_of_a_call_makes_no_contact_unknown(world: World, asked: str) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    assert world.permits("b", 2, customer_id=NUMBER)
    other = world.another()
    kind, name = {
        "recheck": (SqlReservations, "read"),
        "history": (SqlLedger, "of_customer"),
        "check": (SqlLedger, "live"),
    }.get(asked, (SqlLedger, "issued"))
    with before_first(kind, name, lambda: other.subscriber_erase(NUMBER, "officer", "request 17")):
        match asked:
            case "explain":
                assert world.use.explain("a").request.contact_id == "a"
            case "confirm":
                assert [one.state for one in world.use.confirm(["a"])] == ["confirmed"]
            case "release":
                assert [one.state for one in world.use.release(["a"], "rain")] == ["released"]
            case "recheck":
                assert [one.verdict for one in world.use.recheck(["a"])] == ["permit"]
            case "history":
                assert [one.request.contact_id for one in world.use.history(NUMBER)] == ["b", "a"]
            case "check":
                assert world.use.check([world.ask("c", 3, customer_id=NUMBER)])[0].verdict == "suppress"
    assert [one.state for one in world.use.confirm(["b"])] == ["confirmed"]


def test_an_override_of_an_erased_subscriber_is_changed_in_the_lane_of_the_subscriber(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    entry = ListEntry(customer_id=NUMBER, reason="asked", source="hall", author="clerk")
    world.use.list_put("black", [entry])
    ends = START + timedelta(days=9)
    world.use.override_propose(
        OverrideProposal(
            override_id="o", customer_id=NUMBER, rule_id="black", reason="asked", author="li", ends_at=ends
        )
    )
    [(kept,)] = world.rows("SELECT customer_id FROM override")
    assert kept != NUMBER
    taken: list[list[tuple[int, int]]] = []

    def noted(*args: Any, **kw: Any) -> list[tuple[int, int]]:
        taken.append(keys_of(*args, **kw))
        return taken[-1]

    monkeypatch.setattr(store, "keys_of", noted)
    world.use.override_approve("o", "wang")
    world.reserve("a", 1, customer_id=NUMBER)
    world.use.override_withdraw("o", "wang", "a mistake")
    assert taken == [keys_of([NUMBER], [], touches_lists=False)] * 3
    assert lane_of(kept) == lane_of(NUMBER)


@pytest.mark.servers
def test_a_contact_that_retention_deletes_while_it_is_confirmed_is_unknown_and_not_confirmed(
    make_on: Make, postgres_database: Callable[[], str]
) -> None:
    world = make_on(postgres_database(), {"weekly": WEEKLY})
    world.variables["BANYAN_GOVERNANCE_KEEP_DAYS"] = "100"
    world.use = world.another()
    assert world.permits("old", 1)
    world.pass_hours(99 * 24)
    assert world.permits("new", 99 * 24 + 1, customer_id="ben")
    world.pass_hours(2 * 24)
    other = world.another()
    with before_first(SqlLedger, "put", other.prune):
        told = world.use.confirm(["old", "new"])
    assert [(one.contact_id, one.state) for one in told] == [("old", "unknown"), ("new", "confirmed")]
    assert world.rows("SELECT contact_id, state FROM contact") == [("new", "confirmed")]
