"""Events read by the integrator's client on a real broker."""

import threading
import time

import pytest

from shared.client import BanyanClient, Event, InvalidEvent, NotAllowed
from tests.integration.client.echo import Echo, tell, waiting

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("echo")]


def test_what_was_not_acknowledged_comes_again_and_says_so(client: BanyanClient, amqp_url: str) -> None:
    with client.events("teller", "asked", "crm.asked", idle_seconds=0.5) as feed:
        tell(amqp_url, b'{"number": 1}', b'{"number": 2}')
        first, second = list(feed)
        assert (first.event_id, first.source, first.event_type, first.body) == (
            "event-0",
            "teller",
            "asked",
            {"number": 1},
        )
        assert not first.is_repeated
        first.ack()
    with client.events("teller", "asked", "crm.asked", idle_seconds=0.5) as feed:
        [again] = list(feed)
        assert (again.event_id, again.is_repeated) == (second.event_id, True)
        again.nack()
        [once_more] = list(feed)
        once_more.ack()
        tell(amqp_url, b"{}")  # the same id as the first, published twice
        [twice] = list(feed)
        twice.ack()
    assert not twice.is_repeated, "another feed had acknowledged it"
    assert waiting(amqp_url, "crm.asked") == 0


def test_an_event_under_an_id_that_this_feed_has_acknowledged_says_that_it_is_a_repetition(
    client: BanyanClient, amqp_url: str
) -> None:
    with client.events("teller", "asked", "crm.twice", idle_seconds=0.5) as feed:
        for expected in (False, True):
            tell(amqp_url, b"{}")
            [event] = list(feed)
            event.ack()
            assert event.is_repeated is expected


def test_a_poison_event_is_parked_and_those_behind_it_are_handled(client: BanyanClient, amqp_url: str) -> None:
    handled: list[object] = []

    def handle(event: Event[object]) -> None:
        if event.body == "broken":
            raise ValueError(event.body)
        handled.append(event.body)

    with client.events("teller", "asked", "crm.poison", idle_seconds=1) as feed:
        tell(amqp_url, b'"a"', b"not json", b'"broken"', b'"b"')
        feed.consume(handle, attempts=2)
    assert handled == ["a", "b"]
    assert waiting(amqp_url, "crm.poison") == 0
    assert waiting(amqp_url, "dead.crm.poison") == 2


def test_a_queue_without_a_place_for_poison_keeps_it_and_the_handlers_fault_is_told(
    client: BanyanClient, amqp_url: str, echo: Echo
) -> None:
    with BanyanClient(amqp_url) as other, other.events("teller", "asked", "crm.bare"):
        pass
    echo._connection.add_callback_threadsafe(lambda: echo._channel.queue_delete("dead.crm.bare"))
    client.call("echo", "say", text="deleted")
    with client.events("teller", "asked", "crm.bare", idle_seconds=1) as feed:
        tell(amqp_url, b"not json")
        [event] = list(feed)
        with pytest.raises(InvalidEvent):
            _ = event.body
        with pytest.raises(NotAllowed, match=r"there is no queue dead\.crm\.bare"):
            event.park()
        event.nack()
        with pytest.raises(InvalidEvent):
            feed.consume(lambda event: event.body)
    assert waiting(amqp_url, "crm.bare") == 1


def test_a_handler_slower_than_the_heartbeat_keeps_its_connection(amqp_url: str) -> None:
    handled: list[str] = []

    def handle(event: Event[object]) -> None:
        time.sleep(3.5)  # three heartbeats and a half: the broker hangs up after two
        handled.append(event.event_id)

    with BanyanClient(f"{amqp_url}?heartbeat=1") as client:
        with client.events("teller", "asked", "crm.slow", idle_seconds=1) as feed:
            tell(amqp_url, b"1")
            source = feed._source
            feed.consume(handle)
            assert feed._source is source, "the same connection"
        with client.events("teller", "asked", "crm.slow", idle_seconds=0.3) as feed:
            assert list(feed) == []
    assert handled == ["event-0"]


def test_stop_ends_a_reader_that_waits_and_leaves_what_it_has_not_handled(client: BanyanClient, amqp_url: str) -> None:
    feed = client.events("teller", "asked", "crm.stop")
    handled: list[str] = []

    def handle(event: Event[object]) -> None:
        handled.append(event.event_id)
        if len(handled) == 2:
            feed.stop()

    reader = threading.Thread(target=feed.consume, args=(handle,))
    reader.start()
    tell(amqp_url, b"1", b"2", b"3")
    reader.join(20)
    assert not reader.is_alive()
    feed.close()
    assert handled == ["event-0", "event-1"]
    with client.feed("crm.stop", idle_seconds=0.5) as rest:
        assert [event.event_id for event in rest] == ["event-2"]


def test_no_more_events_are_in_hand_than_asked_for(client: BanyanClient, amqp_url: str) -> None:
    tell_before = client.events("teller", "asked", "crm.some")
    tell_before.close()
    tell(amqp_url, *[b"1"] * 10)
    with client.events("teller", "asked", "crm.some", idle_seconds=0.5, prefetch=3) as feed:
        assert len(list(feed)) == 3
