"""The entrypoints on the embedded bus: what callers and event handlers may rely on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import eventlet
import msgspec
import pytest
import sqlalchemy as sa
from nameko.extensions import DependencyProvider

from shared.kernel.faults import Fault, InvalidRequest, NotFound, RemoteFault, Unavailable
from shared.messaging import rpc_entrypoint
from shared.messaging.embedded import EmbeddedBus, Parked
from shared.messaging.entrypoints import Pingable, event, every, rpc
from shared.messaging.green_caller import GreenCaller
from shared.messaging.relay import OutboxSource
from shared.messaging.settings import BusSettings
from shared.observability.correlation import CORRELATION, carrying, correlation_id
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox


class Greeting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    at: datetime
    times: int = 1


class Told(msgspec.Struct, frozen=True):
    number: int


class Dependencies(DependencyProvider):
    def setup(self) -> None:
        self.caller = GreenCaller(self.container.config["AMQP_URI"], name="asker", settings=self.container.settings)

    def get_dependency(self, worker_ctx: Any) -> GreenCaller:  # noqa: ARG002 - nameko's signature
        return self.caller

    def stop(self) -> None:
        self.caller.close()


class Knowledge:
    """What handlers saw; the fake side of every test."""

    events: ClassVar[list[tuple[str, int]]] = []
    failures = 0
    ticks = 0


class Listener(Pingable):
    name = "listener"
    max_workers = 4

    @rpc
    def greet(self, greetings: list[Greeting], loud: bool = False) -> list[Greeting]:
        return [msgspec.structs.replace(g, name=g.name.upper() if loud else g.name) for g in greetings]

    @rpc
    def fail(self, how: str) -> None:
        if how == "fault":
            raise NotFound("no such customer", details={"kind": "customer", "since": datetime(2026, 3, 2, tzinfo=UTC)})
        inside = "the password is 12345"
        raise RuntimeError(inside)

    @rpc
    def unspeakable(self) -> object:
        return object()

    @rpc
    def slow(self, seconds: float) -> str:
        eventlet.sleep(seconds)
        return "done"

    @rpc
    def correlation(self) -> str:
        return correlation_id() or ""

    @event("teller", "told")
    def on_told(self, event_id: str, event: Told) -> None:
        if Knowledge.failures > 0:
            Knowledge.failures -= 1
            raise ConnectionError("not yet")
        Knowledge.events.append((event_id, event.number))

    @every(0.02)
    def tick(self) -> None:
        Knowledge.ticks += 1


class ListenerBulk(Listener):
    name = "listener_bulk"


class Relaying(Pingable):
    name = "relaying"
    caller = Dependencies()

    @rpc
    def ask_on(self) -> str:
        answer: str = self.caller.call("listener", "correlation", {}, str)
        return answer


@pytest.fixture
def bus() -> Iterator[EmbeddedBus]:
    Knowledge.events, Knowledge.failures, Knowledge.ticks = [], 0, 0
    with EmbeddedBus([Listener, ListenerBulk, Relaying]) as running:
        yield running


def greeting(**changes: Any) -> dict[str, Any]:
    return {"name": "li", "at": "2026-03-02T09:00:00+08:00", **changes}


def test_arguments_and_results_are_typed_by_the_annotations(bus: EmbeddedBus) -> None:
    answered = bus.caller.call("listener", "greet", {"greetings": [greeting()], "loud": True}, list[Greeting])
    assert answered == [Greeting(name="LI", at=datetime(2026, 3, 2, 1, tzinfo=UTC))]


def test_the_same_class_serves_its_bulk_twin(bus: EmbeddedBus) -> None:
    assert bus.caller.call("listener_bulk", "ping", {}, dict)["service"] == "listener_bulk"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"greetings": [greeting(), greeting(times="2")]}, "greetings[1].times"),
        ({"greetings": [greeting(colour="red")]}, "greetings[0].colour"),
        ({"greetings": [{"name": "li"}]}, "greetings[0].at"),
        ({"greetings": [], "lowd": True}, "lowd"),
        ({}, "greetings"),
    ],
)
def test_a_request_that_breaks_the_contract_is_refused_naming_the_field(
    bus: EmbeddedBus, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        bus.caller.call("listener", "greet", arguments, list)
    assert refused.value.details["field"] == field


def test_a_fault_keeps_code_message_and_details_on_its_way(bus: EmbeddedBus) -> None:
    with pytest.raises(NotFound, match="no such customer") as raised:
        bus.caller.call("listener", "fail", {"how": "fault"}, type(None))
    assert raised.value.details == {"kind": "customer", "since": "2026-03-02T00:00:00Z"}


def test_an_unexpected_exception_tells_the_caller_nothing_of_our_insides(bus: EmbeddedBus) -> None:
    with pytest.raises(RemoteFault) as raised:
        bus.caller.call("listener", "fail", {"how": "bug"}, type(None))
    assert raised.value.code == Fault.code
    assert "password" not in raised.value.message


def test_a_result_that_json_cannot_hold_is_a_fault_and_the_container_lives(bus: EmbeddedBus) -> None:
    with pytest.raises(RemoteFault, match="failed"):
        bus.caller.call("listener", "unspeakable", {}, object)
    assert bus.caller.call("listener", "slow", {"seconds": 0.0}, str) == "done"


def test_a_reply_of_another_shape_than_asked_for_is_a_fault(bus: EmbeddedBus) -> None:
    with pytest.raises(RemoteFault) as raised:
        bus.caller.call("listener", "slow", {"seconds": 0.0}, int)
    assert raised.value.code == "invalid_reply"


def test_an_unknown_service_and_an_unknown_method_are_told_at_once(bus: EmbeddedBus) -> None:
    with pytest.raises(Unavailable, match="no service 'nobody'"):
        bus.caller.call("nobody", "ping", {}, dict, timeout=60)
    with pytest.raises(RemoteFault) as raised:
        bus.caller.call("listener", "grete", {}, dict, timeout=60)
    assert raised.value.code == "unknown_method"


def test_a_caller_waits_no_longer_than_it_said(bus: EmbeddedBus) -> None:
    with pytest.raises(Unavailable, match=r"did not answer within 0\.01 s"):
        bus.caller.call("listener", "slow", {"seconds": 0.2}, str, timeout=0.01)


def test_more_calls_than_workers_all_get_their_own_answer(bus: EmbeddedBus) -> None:
    def ask(number: int) -> int:
        found = bus.caller.call("listener", "greet", {"greetings": [greeting(times=number)]}, list[Greeting])
        return found[0].times

    assert list(eventlet.GreenPool(100).imap(ask, range(300))) == list(range(300))


def test_the_correlation_id_travels_through_every_hop(bus: EmbeddedBus) -> None:
    with carrying({CORRELATION: "visit-7"}):
        assert bus.caller.call("relaying", "ask_on", {}, str) == "visit-7"
    assert len(bus.caller.call("relaying", "ask_on", {}, str)) == 32


def test_timers_tick_only_where_they_are_asked_for() -> None:
    for timers in (False, True):
        Knowledge.ticks = 0
        with EmbeddedBus([Listener], timers=timers) as bus:
            eventlet.sleep(0.3)
            bus.settle()
        assert (Knowledge.ticks > 3) == timers


def test_too_large_a_message_is_refused_with_a_code() -> None:
    with EmbeddedBus([Listener], settings=BusSettings(max_message_bytes=2000)) as bus:
        with pytest.raises(RemoteFault) as raised:
            bus.caller.call("listener", "greet", {"greetings": [greeting()] * 100}, list)
        assert raised.value.code == rpc_entrypoint.TooLarge.code
        assert bus.caller.call("listener", "ping", {}, dict)["service"] == "listener"


@pytest.fixture
def teller(tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Write an event into an outbox; the database is `teller.database`."""
    database, metadata = Database(f"sqlite:///{tmp_path}/teller.db"), sa.MetaData()
    outbox = Outbox(metadata)
    metadata.create_all(database.engine)

    def tell(number: int) -> None:
        with database.write() as connection:
            outbox.add(connection, "told", Told(number), at=datetime(2026, 3, 2, tzinfo=UTC), key=str(number))

    tell.source = OutboxSource("teller", database)  # type: ignore[attr-defined]  # a function with its database
    yield tell
    database.close()


def relayed(teller: Any) -> EmbeddedBus:
    Knowledge.events, Knowledge.failures = [], 0
    return EmbeddedBus([Listener], outboxes=[teller.source])


def test_settle_returns_when_every_event_has_been_handled(teller: Any) -> None:
    with relayed(teller) as bus:
        for number in range(500):
            teller(number)
        bus.settle()
        assert [number for _, number in Knowledge.events] == list(range(500))
        assert len({event_id for event_id, _ in Knowledge.events}) == 500


def test_an_event_that_fails_a_few_times_is_handled_in_the_end(teller: Any) -> None:
    with relayed(teller) as bus:
        Knowledge.failures = 4
        teller(1)
        bus.settle()
        assert [number for _, number in Knowledge.events] == [1]


def test_an_event_that_always_fails_is_parked_and_settle_says_so(teller: Any) -> None:
    with relayed(teller) as bus:
        Knowledge.failures = 5
        teller(1)
        with pytest.raises(Parked, match="not yet") as parked:
            bus.settle()
        assert parked.value.details["parked"] == [["evt-teller-told--listener.on_told", "ConnectionError: not yet"]]
        teller(2)
        bus.settle()
        assert [number for _, number in Knowledge.events] == [2]


def test_a_bus_that_cannot_settle_in_time_says_so(bus: EmbeddedBus) -> None:
    caller = eventlet.spawn(bus.caller.call, "listener", "slow", {"seconds": 0.5}, str)
    eventlet.sleep(0.05)
    with pytest.raises(Unavailable, match="did not settle"):
        bus.settle(timeout=0.1)
    assert caller.wait() == "done"


def test_two_buses_in_one_process_share_nothing(teller: Any) -> None:
    with relayed(teller) as first, EmbeddedBus([Relaying]) as second:
        with pytest.raises(Unavailable, match="no service 'listener'"):
            second.caller.call("listener", "ping", {}, dict)
        assert first.caller.call("listener", "ping", {}, dict)["service"] == "listener"
