"""Messages that are no requests, at every queue of every service: parked, told where possible, and survived."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pika
import pytest

from services.workbench.registry import CONTAINERS, class_of
from shared.messaging import dead_letters, topology, wire
from shared.messaging.settings import BusSettings
from tests.support.deployment import Deployment

pytestmark = [pytest.mark.servers, pytest.mark.slow]

Watch = Callable[..., Any]
PING = b'{"args": [], "kwargs": {}}'
JSON = {"content_type": wire.JSON_TYPE}
_SECONDS = 20


@dataclass(frozen=True)
class Message:
    """A message nobody should send; `is_told` when it says where the answer goes."""

    title: str
    body: bytes
    properties: dict[str, Any]
    is_told: bool = True


REQUESTS = [
    Message("that says not where the answer goes", PING, JSON, is_told=False),
    Message("of no content type", PING, {}),
    Message("of another content type", PING, {"content_type": "application/x-python-serialize"}),
    Message("that is not JSON", b"not json", JSON),
    Message("that is not even text", b"\xff\xfe\x00", JSON),
    Message("that is empty", b"", JSON),
    Message("that is a list", b"[1, 2]", JSON),
    Message("without named arguments", b'{"args": []}', JSON),
    Message("with arguments of its own making", b'{"args": [], "kwargs": {}, "hints": 1}', JSON),
    Message("nested without end", b"[" * 20_000, JSON),
]

EVENTS = [
    Message("without an id", b"{}", JSON),
    Message("that is not JSON", b"not json", {"message_id": "bad-1"} | JSON),
    Message("of another shape", b'{"colour": "red"}', {"message_id": "bad-2"} | JSON),
    Message("that is a number", b"7", {"message_id": "bad-3"} | JSON),
]


def event_queues() -> list[str]:
    """Return the queues in which events wait for services."""
    plans = topology.queues_of([class_of(name) for name in CONTAINERS], BusSettings())
    return [plan.name for plan in plans if plan.name.startswith("evt-")]


def test_a_message_that_is_no_request_is_parked_at_every_service_and_harms_none(
    town: Deployment, unharmed: Watch
) -> None:
    queues = [f"rpc-{container}" for container in CONTAINERS]
    before = dead_letters.list_parked(town.amqp_url, queues)
    with unharmed():
        for container in CONTAINERS:
            told = send(town.amqp_url, f"{container}.ping", REQUESTS)
            wanted = {message.title for message in REQUESTS if message.is_told}
            assert told.keys() == wanted, container
            assert {code for code, _ in told.values()} == {"invalid_request"}, container
            assert all("malformed request" in text for _, text in told.values()), container
        expected = {queue: before.get(queue, 0) + len(REQUESTS) for queue in queues}
        until(lambda: dead_letters.list_parked(town.amqp_url, queues) == expected)
    for queue in queues:
        dead_letters.drop(town.amqp_url, queue)


@pytest.mark.parametrize("queue", event_queues())
def test_an_event_nobody_can_read_is_parked_with_its_reason(town: Deployment, unharmed: Watch, queue: str) -> None:
    with unharmed():
        with pika.BlockingConnection(pika.URLParameters(town.amqp_url)) as connection:
            channel = connection.channel()
            for event in EVENTS:
                channel.basic_publish("", queue, event.body, pika.BasicProperties(**event.properties))
        until(lambda: dead_letters.list_parked(town.amqp_url, [queue]).get(queue) == len(EVENTS))
    letters = dead_letters.show(town.amqp_url, queue)
    assert sorted(letter.body.encode() for letter in letters) == sorted(event.body for event in EVENTS)
    assert all(letter.error.startswith("unreadable: ") for letter in letters)
    assert dead_letters.drop(town.amqp_url, queue) == len(EVENTS)


def send(amqp_url: str, key: str, messages: list[Message]) -> dict[str, tuple[str, str]]:
    """Send messages to a method; return code and text of the answers by the message's title."""
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        mailbox = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(mailbox, wire.RPC_EXCHANGE, mailbox)
        for message in messages:
            reply = {"reply_to": mailbox, "correlation_id": message.title} if message.is_told else {}
            properties = pika.BasicProperties(**message.properties, **reply)
            channel.basic_publish(wire.RPC_EXCHANGE, key, message.body, properties, mandatory=True)
        told: dict[str, tuple[str, str]] = {}
        wanted = sum(message.is_told for message in messages)
        for method, properties, body in channel.consume(mailbox, auto_ack=True, inactivity_timeout=_SECONDS):
            if method is None:
                break
            code, text, _ = msgspec.json.decode(body)["error"]["exc_args"]
            told[properties.correlation_id] = (code, text)
            if len(told) == wanted:
                break
        channel.cancel()
    return told


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)
