"""Read events with acknowledgement by hand: pika alone, nothing of Banyan is imported.

    pip install pika
    python first_event.py amqp://USER:PASSWORD@HOST:5672/VHOST [QUEUE [SERVICE.EVENT [SECONDS]]]

Prints what arrives in QUEUE (`integrator.events`, made by the operator) and ends after SECONDS (60) without an event.
Where there is no such queue, and the user may make it, it is made and bound to SERVICE.EVENT (`campaigns.
outcomes_recorded`). The exit code is 0 when there was an event, 3 when there was none, 1 after a fault.
"""

import json
import sys
from typing import Any

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise


def open_queue(connection: Any, queue: str, event: str) -> Any:  # noqa: ANN401 - pika is untyped
    """Return a channel on which the queue can be read."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except pika.exceptions.ChannelClosedByBroker as missing:
        if missing.reply_code != 404:  # noqa: PLR2004 - AMQP's code for what is not there
            raise
        source, _, event_type = event.partition(".")
        channel = connection.channel()
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, f"{source}.events", event_type)
    channel.basic_qos(prefetch_count=100)
    return channel


def main(
    url: str, queue: str = "integrator.events", event: str = "campaigns.outcomes_recorded", seconds: str = "60"
) -> int:
    """Print events until none comes any more."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = open_queue(connection, queue, event)
    print(f"reading {queue}", flush=True)  # noqa: T201 - a program to be read and run by hand
    dealt_with: set[str] = set()  # yours is a table, written in the same transaction as what you make of the event
    for method, properties, body in channel.consume(queue, inactivity_timeout=float(seconds)):
        if method is None:
            break
        event_id = properties.headers["banyan.event_id"]
        if event_id not in dealt_with:  # the same id again is the same event
            name = f"{method.exchange.removesuffix('.events')}.{method.routing_key}"
            told = json.dumps(json.loads(body), ensure_ascii=False)
            print(f"{event_id} {name} {told}", flush=True)  # noqa: T201 - a program to be read and run by hand
            dealt_with.add(event_id)
        channel.basic_ack(method.delivery_tag)
    connection.close()
    return 0 if dealt_with else 3


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except pika.exceptions.AMQPError as problem:
        sys.exit(repr(problem))
