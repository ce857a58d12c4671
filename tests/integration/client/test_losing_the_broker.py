"""The broker is restarted under calls, a feed and a publisher: all come back by themselves."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from shared.client import BanyanClient, Unavailable
from tests.integration.client.echo import Echo, tell
from tests.support.processes import free_port, start_again
from tests.support.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
def own_broker() -> Iterator[RabbitMQ]:
    """Start a broker that this test may restart."""
    node = start_again(RabbitMQ.start)
    yield node
    node.stop()


def until(attempt: Callable[[], object], seconds: float = 60.0) -> object:
    """Try until it works."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(Unavailable):
            return attempt()
        time.sleep(0.1)
    return attempt()


def test_calls_fail_as_unavailable_and_calls_feed_and_publisher_come_back(own_broker: RabbitMQ) -> None:
    url = own_broker.create_vhost()
    with BanyanClient(url) as client:
        fell: list[Unavailable] = []

        def ask() -> None:
            try:
                client.call("echo", "silent", timeout=60)
            except Unavailable as fault:
                fell.append(fault)

        with Echo(url):
            feed = client.events("teller", "asked", "crm.asked")
            tell(url, b"1", b"2")
            events = iter(feed)
            kept, unsettled = next(events), next(events)
            kept.ack()
            client.publish("teller.events", "asked", b"3", message_id="third")
            third = next(events)
            asking = threading.Thread(target=ask)
            asking.start()
            client.call("echo", "say", text="the other call is under way")
        own_broker.restart(is_hard=False)
        asking.join(60)
        assert [type(fault) for fault in fell] == [Unavailable]
        assert fell[0].may_have_happened
        unsettled.ack()  # nobody hears it any more
        with Echo(url):
            assert until(lambda: client.call("echo", "say", text="again")) == "again"
            until(lambda: client.publish("teller.events", "asked", b"4", message_id="fourth"))
            found = {}
            while len(found) < 3:
                event = next(events)
                found[event.event_id] = event.is_repeated
                event.ack()
            assert found == {"event-1": True, third.event_id: True, "fourth": False}
        feed.close()
        assert list(events) == []


def test_a_broker_that_is_not_there_is_told_at_once() -> None:
    with BanyanClient(f"amqp://banyan:none@127.0.0.1:{free_port()}/") as client:
        for _ in range(3):
            with pytest.raises(Unavailable, match="the bus cannot be reached") as fault:
                client.call("echo", "say", text="x")
            assert not fault.value.may_have_happened
        with pytest.raises(Unavailable, match="the bus cannot be reached"):
            client.events("teller", "asked", "crm.asked")
        with pytest.raises(Unavailable, match="the bus cannot be reached"):
            client.publish("teller.events", "asked", b"{}")
