"""A front desk with Banyan's client: ask what to offer, tell what the visitor said, hear the event that comes of it.

    python -m venv v && v/bin/pip install ./shared/client
    v/bin/python docs/examples/front_desk.py amqp://USER:PASSWORD@HOST:5672/VHOST CUSTOMER_ID [QUEUE]

QUEUE is where your events arrive: the operator makes it, `integrator.events` if he leaves it as it is. The exit code is
0 when there was an offer and its event came, 3 when there was no offer, 1 after a fault.
"""

import sys
import uuid

from banyan_client import BanyanClient, BanyanError, Event
from banyan_client.messages import OfferedProduct, OutcomesRecorded, RecommendContext

PATIENCE = 60


def advise(banyan: BanyanClient, customer_id: str) -> OfferedProduct | None:
    """Show what may be offered and what not, with the reasons; return the best offer."""
    # The same request_id again returns the same offers and reserves nothing twice: make it up once per visit.
    context: RecommendContext = {"request_id": f"visit-{uuid.uuid4()}", "limit": 2}
    advice = banyan.campaigns.recommend(customer_id=customer_id, channel="hall", context=context, timeout=10, retries=2)
    for offer in advice["offers"]:
        print(f"{offer['score']:.2f}  {offer['name']}: {offer['script']}")  # noqa: T201 - what the clerk reads
    for withheld in advice["withheld"]:
        print(f"not {withheld['offering_id']}: {withheld['reasons'][0]['text']}")  # noqa: T201 - what the clerk reads
    return advice["offers"][0] if advice["offers"] else None


def is_about(event: Event[OutcomesRecorded], contact_id: str) -> bool:
    """Take note of an event and acknowledge it; return whether it is about this contact."""
    found = [one for one in event.body["outcomes"] if one["contact_id"] == contact_id]
    # Store event.event_id beside what you make of it: the same event may come twice.
    event.ack()
    for outcome in found:
        print(f"event {event.event_id}: {outcome['contact_id']} {outcome['outcome']}")  # noqa: T201 - what came of it
    return bool(found)


def main(url: str, customer_id: str, queue: str = "integrator.events") -> int:
    """Advise, answer politely for the visitor, and wait for the event."""
    with (
        BanyanClient(url, name="front desk") as banyan,
        # First the queue: what was told before it existed nobody keeps for you.
        banyan.events("campaigns", "outcomes_recorded", queue, idle_seconds=PATIENCE) as feed,
    ):
        best = advise(banyan, customer_id)
        if best is None:
            return 3
        noted = banyan.campaigns.respond(
            contact_id=best["contact_id"], response={"outcome": "refused", "detail": "price"}, retries=2
        )
        print(f"noted: {noted['contact_id']} {noted['outcome']}")  # noqa: T201 - for the clerk
        for event in feed:
            if (event.source, event.event_type) != ("campaigns", "outcomes_recorded"):
                event.ack()  # of this queue's other events nothing is needed here
            elif is_about(event, noted["contact_id"]):
                return 0
    sys.stderr.write(f"no event within {PATIENCE} s\n")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except BanyanError as fault:
        sys.exit(str(fault))
