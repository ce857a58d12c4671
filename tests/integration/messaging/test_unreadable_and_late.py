"""What a sender can write into the envelope of a message: it ends no process, and no reply goes where it must not."""

import subprocess
import time
from datetime import UTC, datetime
from typing import Any

import pika
import pytest

from shared.kernel.faults import RemoteFault
from shared.messaging import dead_letters, wire
from shared.messaging.client import BanyanClient
from tests.support.parked import eventually_parked, parked

pytestmark = pytest.mark.servers
ASKED = "evt-teller-asked--echo.on_asked"
BODY = b'{"args": [], "kwargs": {"text": "x"}}'
NO_UTF8 = b"\xff\xfe"


def publish(amqp_url: str, exchange: str, key: str | bytes, body: bytes, **properties: Any) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties), mandatory=True)
    connection.close()


@pytest.mark.parametrize(
    "odd",
    [
        {"correlation_id": NO_UTF8},
        {"content_type": NO_UTF8},
        {"content_encoding": NO_UTF8},
        {"message_id": NO_UTF8},
        {"type": NO_UTF8},
        {"app_id": NO_UTF8},
        {"timestamp": 2**63},
        {"headers": {"when": datetime.max.replace(tzinfo=UTC)}},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_a_property_that_cannot_be_read_parks_the_message_and_ends_nobody(
    echo: "subprocess.Popen[str]", client: BanyanClient, amqp_url: str, odd: dict[str, Any]
) -> None:
    events, requests = parked(amqp_url, ASKED), parked(amqp_url, "rpc-echo")
    rest = {"content_type": "application/json", "reply_to": "nobody", "message_id": "m"}
    readable = "headers" in odd or "timestamp" in odd  # what pika writes of these, py-amqp may well read
    publish(amqp_url, wire.RPC_EXCHANGE, "echo.say", BODY, **rest | odd)
    publish(amqp_url, "teller.events", "asked", b'{"number": "none"}', **rest | odd)
    eventually_parked(amqp_url, ASKED, events + 1)
    if not readable:
        eventually_parked(amqp_url, "rpc-echo", requests + 1)
    assert client.call("echo", "say", text="still here") == "still here"
    assert echo.poll() is None
    assert dead_letters.show(amqp_url, ASKED, 100)[-1].body == '{"number": "none"}'


@pytest.mark.parametrize(
    ("body", "event_id"),
    [
        (b"", "m-1"),
        (b'{"number": 1}', ""),
        (b'{"number": 1}', "m\x00"),
        (b'{"number": 1}', "m" * 201),
        (b'{"number": 1, "more": "a\\u0000b"}', "m-2"),
    ],
    ids=["empty", "no id", "NUL in the id", "long id", "NUL in a text"],
)
def test_an_event_that_cannot_be_applied_is_parked_at_once_with_the_reason(
    echo: "subprocess.Popen[str]", client: BanyanClient, amqp_url: str, body: bytes, event_id: str
) -> None:
    before = parked(amqp_url, ASKED)
    publish(amqp_url, "teller.events", "asked", body, message_id=event_id)
    eventually_parked(amqp_url, ASKED, before + 1)
    assert dead_letters.show(amqp_url, ASKED, 100)[-1].error.startswith("unreadable: ")
    assert client.call("echo", "say", text="still here") == "still here"
    assert echo.poll() is None


def test_a_routing_key_that_is_no_utf8_is_an_unknown_method(
    echo: "subprocess.Popen[str]", client: BanyanClient, amqp_url: str
) -> None:
    publish(amqp_url, wire.RPC_EXCHANGE, b"echo.\xff", BODY, content_type="application/json", reply_to="nobody")
    assert client.call("echo", "say", text="still here") == "still here"
    assert echo.poll() is None


@pytest.mark.parametrize("address", ["echo.say", "governance.reserve", "reply.me", "a" * 200, "reply.me.#", "*"])
def test_a_reply_is_sent_to_nothing_but_a_reply_address(
    echo: "subprocess.Popen[str]", client: BanyanClient, amqp_url: str, address: str
) -> None:
    before = parked(amqp_url, "rpc-echo")
    publish(amqp_url, wire.RPC_EXCHANGE, "echo.say", BODY, content_type="application/json", reply_to=address)
    eventually_parked(amqp_url, "rpc-echo", before + 1)
    assert client.call("echo", "say", text="still here") == "still here"
    assert echo.poll() is None


@pytest.mark.usefixtures("echo")
def test_a_request_nobody_waits_for_any_more_is_answered_and_not_run(amqp_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, wire.RPC_EXCHANGE, "reply.me.1")
    late = {wire.DEADLINE: round((time.time() - 60) * 1000)}
    properties = pika.BasicProperties(reply_to="reply.me.1", content_type="application/json", headers=late)
    channel.basic_publish(wire.RPC_EXCHANGE, "echo.say", BODY, properties)
    _, _, body = next(channel.consume(queue, inactivity_timeout=10))
    connection.close()
    with pytest.raises(RemoteFault, match="your clock is behind") as told:
        wire.decode_reply(body, object)
    assert told.value.code == "expired"
    assert told.value.details["late_seconds"] > 50
