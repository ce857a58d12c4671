"""Ask Banyan what to offer a visitor, and tell it what the visitor said: pika alone, nothing of Banyan is imported.

    pip install pika
    python first_recommend.py amqp://guest:guest@localhost:5672/ CUSTOMER_ID [CHANNEL]

CHANNEL is hall, hotline or web. The exit code is 0 when there was an offer, 3 when there was none, 1 after a fault.
"""

import json
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

SECONDS = 10
EXCHANGE = "nameko-rpc"


class Fault(Exception):  # noqa: N818 - Banyan's word for it
    """What the service reported: a stable code to act on, a message to read, details (the field, among others)."""

    def __init__(self, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.details = code, details


class Banyan:
    """One connection with its own mailbox for replies; belongs to one thread."""

    def __init__(self, url: str) -> None:
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        mailbox = self.channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
        # An address of one's own: the broker lets nobody hear the replies of others.
        self.reply_to = f"reply.{urlsplit(url).username}.{uuid.uuid4()}"
        self.channel.queue_bind(mailbox, EXCHANGE, routing_key=self.reply_to)
        self.replies: dict[str, bytes] = {}
        self.channel.basic_consume(mailbox, self._keep, auto_ack=True)

    def call(self, service: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - whatever the method tells
        """Send a request, wait for the reply with the same correlation id; raises Fault and TimeoutError."""
        number = str(uuid.uuid4())
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, reply_to=self.reply_to, correlation_id=number
        )
        body = json.dumps({"args": [], "kwargs": arguments}).encode()
        self.channel.basic_publish(EXCHANGE, f"{service}.{method}", body, properties)
        deadline = time.monotonic() + SECONDS
        while number not in self.replies:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service}.{method} did not answer; ask again with the same request_id")
            self.connection.process_data_events(0.1)
        reply = json.loads(self.replies.pop(number))
        if reply["error"] is not None:
            raise Fault(*reply["error"]["exc_args"])
        return reply["result"]

    def _keep(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        self.replies[properties.correlation_id] = body


def main(url: str, customer_id: str, channel: str = "hall") -> int:
    """Show the offers, refuse the best one politely for the visitor, print what Banyan noted."""
    banyan = Banyan(url)
    # The same request_id again returns the same offers and reserves nothing twice: make it up once per visit.
    context = {"request_id": f"visit-{uuid.uuid4()}", "limit": 2}
    advice = banyan.call("campaigns", "recommend", customer_id=customer_id, channel=channel, context=context)
    for offer in advice["offers"]:
        print(f"{offer['score']:.2f}  {offer['name']}: {offer['script']}")  # noqa: T201 - what the clerk reads
    for withheld in advice["withheld"]:
        print(f"not {withheld['offering_id']}: {withheld['reasons'][0]['text']}")  # noqa: T201 - a program to be read and run by hand
    if not advice["offers"]:
        return 3
    best = advice["offers"][0]["contact_id"]
    noted = banyan.call("campaigns", "respond", contact_id=best, response={"outcome": "refused", "detail": "price"})
    print(f"noted: {noted['contact_id']} {noted['outcome']}")  # noqa: T201 - a program to be read and run by hand
    banyan.connection.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Fault, TimeoutError) as problem:
        sys.exit(str(problem))
