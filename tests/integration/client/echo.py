"""A service in a few lines of pika: answers as the wire protocol says, late or wrongly if told to."""

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import pika


class Echo:
    """Serves `echo.say(text)`, `.slow(text, seconds)`, `.fail(code)` and `.silent()`; remembers what it was sent."""

    def __init__(self, amqp_url: str, exchanges: tuple[str, ...] = ("teller.events",)) -> None:
        self.requests: list[tuple[Any, bytes]] = []
        self._connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        self._channel = self._connection.channel()
        for exchange in ("nameko-rpc", *exchanges):
            self._channel.exchange_declare(exchange, "topic", durable=True)
        self._channel.exchange_declare("banyan.dead", "direct", durable=True)
        self._channel.queue_declare("rpc-echo", auto_delete=True)
        self._channel.queue_bind("rpc-echo", "nameko-rpc", "echo.*")
        self._channel.basic_consume("rpc-echo", self._asked, auto_ack=True)
        self._thread = threading.Thread(target=self._channel.start_consuming)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.add_callback_threadsafe(self._channel.stop_consuming)
        self._thread.join()
        self._connection.close()

    def _asked(self, _channel: object, method: Any, properties: Any, body: bytes) -> None:
        self.requests.append((properties, body))
        asked = json.loads(body)["kwargs"]
        answer: Callable[[dict[str, Any]], None] = partial(self._answer, properties)
        match method.routing_key.partition(".")[2]:
            case "say":
                answer({"result": asked["text"], "error": None})
            case "slow":
                self._connection.call_later(asked["seconds"], partial(answer, {"result": asked["text"], "error": None}))
            case "fail":
                parts = [asked["code"], "as you wished", {"field": "code"}]
                error = {"exc_type": "Fault", "exc_path": "x", "exc_args": parts, "value": "as you wished"}
                answer({"result": None, "error": error})
            case "garble":
                answer({"nonsense": True})

    def _answer(self, properties: Any, reply: dict[str, Any]) -> None:
        told = pika.BasicProperties(correlation_id=properties.correlation_id, content_type="application/json")
        self._channel.basic_publish("nameko-rpc", properties.reply_to, json.dumps(reply).encode(), told)


def tell(amqp_url: str, *bodies: bytes, event_id: str = "event") -> None:
    """Publish events `teller.asked`, with ids that count from 0."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    for number, body in enumerate(bodies):
        headers = {"banyan.event_id": f"{event_id}-{number}"}
        properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, headers=headers)
        channel.basic_publish("teller.events", "asked", body, properties)
    connection.close()


def waiting(amqp_url: str, queue: str) -> int:
    """Return how many messages are ready in a queue."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    count: int = connection.channel().queue_declare(queue, passive=True).method.message_count
    connection.close()
    return count
