"""The feeds of the AsyncAPI document: streams that BOSS publishes records to instead of calling."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.customer_view import CustomerEvent, CustomerOrder, CustomerRecord
from shared.messaging.stream_queue import FEED_EXCHANGE, STREAM_ARGUMENTS, stream_queue

FEEDS: Mapping[str, Any] = {"customers": CustomerRecord, "orders": CustomerOrder, "events": CustomerEvent}
"""What one record of each feed is."""


def feed_names() -> dict[str, dict[str, Any]]:
    """Return exchange and queues of the feeds, as a snapshot of names holds them."""
    queues = {stream_queue(name): [FEED_EXCHANGE, name, dict(STREAM_ARGUMENTS)] for name in FEEDS}
    return {"exchanges": {FEED_EXCHANGE: "topic"}, "queues": queues}


def channels(binding: dict[str, Any]) -> dict[str, Any]:
    """Return a channel for each feed; `binding` is that of the exchange."""
    return {
        stream_queue(name): {
            "address": name,
            "description": f"Kept in the stream {stream_queue(name)}, from which `banyan feeds follow {name}` reads.",
            "messages": {name: {"$ref": f"#/components/messages/{stream_queue(name)}"}},
            "bindings": binding,
            "x-queue": stream_queue(name),
        }
        for name in FEEDS
    }


def operations() -> dict[str, Any]:
    """Return an operation for each feed."""
    return {
        f"follow.{name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{stream_queue(name)}"},
            "messages": [{"$ref": f"#/channels/{stream_queue(name)}/messages/{name}"}],
            "bindings": {"amqp": {"deliveryMode": 2, "ack": True, "bindingVersion": "0.3.0"}},
        }
        for name in FEEDS
    }


def messages() -> dict[str, Any]:
    """Return the message of each feed: a record, or an array of them."""
    made = {}
    for name, kind in FEEDS.items():
        record = {"$ref": f"#/components/schemas/{kind.__name__}"}
        made[stream_queue(name)] = {
            "name": stream_queue(name),
            "summary": "One record or an array of them; one that was published before is known by its ids.",
            "traits": [{"$ref": "#/components/messageTraits/feed"}],
            "payload": {"oneOf": [record, {"type": "array", "items": record}]},
        }
    return made
