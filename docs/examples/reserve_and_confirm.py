"""Ask governance for a place, make the contact, tell what became of it: pika alone, nothing of Banyan is imported.

    pip install pika
    python reserve_and_confirm.py amqp://guest:guest@localhost:5672/ CUSTOMER_ID PLANNED_AT

PLANNED_AT is ISO 8601 with an offset, such as 2026-03-02T10:00:00+08:00. The exit code is 0 when the contact was made,
3 when it must not be made, 1 after a fault. The same arguments again are the same contact: it is counted once.
"""

import json
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

SECONDS, TRIES, PAUSE = 30, 5, 3
EXCHANGE = "nameko-rpc"


class Fault(Exception):  # noqa: N818 - Banyan's word for it
    """What the service reported: a stable code to act on, a message to read."""

    def __init__(self, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.details = code, details


class Governance:
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

    def ask(self, method: str, **arguments: object) -> Any:  # noqa: ANN401 - whatever the method tells
        """Ask until there is an answer: contact ids make it safe to ask again; raises Fault and TimeoutError."""
        for _ in range(TRIES):
            try:
                return self._call(method, arguments)
            except (Fault, TimeoutError) as problem:
                if isinstance(problem, Fault) and problem.code != "unavailable":
                    raise
                last = problem
                self.connection.sleep(PAUSE)
        raise last

    def _call(self, method: str, arguments: dict[str, object]) -> Any:  # noqa: ANN401 - whatever the method tells
        number = str(uuid.uuid4())
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, reply_to=self.reply_to, correlation_id=number
        )
        body = json.dumps({"args": [], "kwargs": arguments}).encode()
        self.channel.basic_publish(EXCHANGE, f"governance.{method}", body, properties)
        deadline = time.monotonic() + SECONDS
        while number not in self.replies:
            if time.monotonic() > deadline:
                raise TimeoutError(f"governance.{method} did not answer")
            self.connection.process_data_events(0.1)
        reply = json.loads(self.replies.pop(number))
        if reply["error"] is not None:
            raise Fault(*reply["error"]["exc_args"])
        return reply["result"]

    def _keep(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        self.replies[properties.correlation_id] = body


def send(customer_id: str) -> bool:
    """Stand for your own way of contacting somebody once; return whether it took place."""
    print(f"to {customer_id}: ...")  # noqa: T201 - a program to be read and run by hand
    return True


def main(url: str, customer_id: str, planned_at: str) -> int:
    """Reserve one SMS, ask once more right before it, send it, confirm it; or say why it must not be sent."""
    governance = Governance(url)
    contact_id = f"crm-spring-{customer_id}-{planned_at}"  # yours, and the same whenever you ask about this contact
    request = {
        "contact_id": contact_id,
        "customer_id": customer_id,
        "channel": "sms",
        "campaign_id": "crm-spring",
        "offering_id": "newspaper",
        "category": "newspaper",
        "purpose": "marketing",
        "direction": "outbound",
        "planned_at": planned_at,
    }
    [verdict] = governance.ask("reserve", requests=[request])
    if verdict["verdict"] == "permit":  # time may have gone by until it is sent, and lists may have changed
        [verdict] = governance.ask("recheck", contact_ids=[contact_id])
    if verdict["verdict"] != "permit":
        for reason in verdict["reasons"]:
            print(f"not now: {reason['text']}")  # noqa: T201 - a program to be read and run by hand
        print(f"possible from: {verdict['next_allowed_at']}")  # noqa: T201 - a program to be read and run by hand
        return 3
    if send(customer_id):
        [state] = governance.ask("confirm", contact_ids=[contact_id])
    else:
        [state] = governance.ask("release", contact_ids=[contact_id], reason="the gateway refused it")
    print(f"{state['contact_id']} {state['state']} overrun={state['overrun']}")  # noqa: T201 - a program to be read and run by hand
    governance.connection.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Fault, TimeoutError) as problem:
        sys.exit(str(problem))
