"""Confirmed publishing on a real broker: what comes back without an error is in a queue."""

import pytest

from shared.client import BanyanClient, Message, MessageTooLarge, NotFound
from tests.integration.client.echo import waiting

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("echo")]


@pytest.fixture
def inbox(amqp_url: str) -> str:
    """Return a queue to which `teller.events` brings everything under the key `told`."""
    with BanyanClient(amqp_url) as client:
        client.events("teller", "told", "boss.inbox").close()
    return "boss.inbox"


def test_what_is_confirmed_is_in_the_queue(client: BanyanClient, amqp_url: str, inbox: str) -> None:
    client.publish("teller.events", "told", {"name": "林"}, message_id="m-1")
    messages = [Message("teller.events", "told", b"{}", f"m-{number}") for number in range(2, 2502)]
    assert client.publish_many(messages) == [None] * 2500
    assert waiting(amqp_url, inbox) == 2501
    with client.events("teller", "told", inbox, idle_seconds=0.5) as feed:
        found = {event.event_id: event.body for event in feed if event.ack() is None}
    assert (len(found), found["m-1"]) == (2501, {"name": "林"})


def test_a_message_to_a_missing_exchange_or_to_no_queue_is_an_error(
    client: BanyanClient, amqp_url: str, inbox: str
) -> None:
    with pytest.raises(NotFound, match="no exchange 'nowhere'"):
        client.publish("nowhere", "told", b"{}")
    with pytest.raises(
        NotFound, match=r"no queue takes messages of exchange 'teller\.events' with routing key 'untold'"
    ):
        client.publish("teller.events", "untold", b"{}")
    client.publish("teller.events", "told", b"{}")
    assert waiting(amqp_url, inbox) == 1


def test_of_many_messages_the_faulty_ones_are_named_and_the_others_arrive(amqp_url: str, inbox: str) -> None:
    messages = [
        Message("teller.events", key, body) for key, body in (("told", b"1"), ("untold", b"2"), ("told", b"345"))
    ]
    with BanyanClient(amqp_url, max_message_bytes=2) as client:
        first, unrouted, large = client.publish_many(messages)
    assert first is None
    assert isinstance(unrouted, NotFound)
    assert isinstance(large, MessageTooLarge)
    assert waiting(amqp_url, inbox) == 2  # with the one of the test before
