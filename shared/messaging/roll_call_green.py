"""Call the roll on an embedded bus, from within its process."""

import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import msgspec

from shared.messaging import wire
from shared.messaging.connections import open_connection
from shared.messaging.roll_call import ROLL_CALL, Presence
from shared.messaging.topology import reply_address
from shared.messaging.untyped import Consumer, Exchange, Queue


def call_roll(url: str, expected: int, patience: float) -> list[Presence]:
    """Return the answers that come within `patience` seconds, in order of container; at once when `expected` came."""
    answers: list[Presence] = []

    def note(message: Any) -> None:  # noqa: ANN401 - kombu's message
        message.ack()
        answers.append(msgspec.json.decode(message.body, type=Presence))

    connection = open_connection(url, heartbeat=0, name="roll call")
    try:
        channel = connection.channel()
        address = reply_address("", uuid4().hex)
        exchange = Exchange(wire.RPC_EXCHANGE, type="topic", durable=True)
        queue = Queue(address, exchange=exchange, routing_key=address, exclusive=True, auto_delete=True)
        with Consumer(channel, queues=[queue], on_message=note):
            properties = {"reply_to": queue.name, "correlation_id": uuid4().hex}
            call = channel.prepare_message(
                b"{}", content_type=wire.JSON_TYPE, content_encoding="utf-8", properties=properties
            )
            channel.basic_publish(call, exchange=ROLL_CALL)
            deadline = time.monotonic() + patience
            while len(answers) < expected and (left := deadline - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    connection.drain_events(timeout=left)
    finally:
        connection.release()
    return sorted(answers, key=lambda answer: answer.container)
