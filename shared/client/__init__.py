"""Banyan's client: calls, confirmed publishing and events over AMQP with pika alone; no nameko, no database."""

from .address import Tls
from .client import BanyanClient
from .container import CallOptions
from .errors import (
    BanyanError,
    InvalidEvent,
    InvalidRequest,
    MessageTooLarge,
    NotAllowed,
    NotFound,
    RemoteFault,
    TimedOut,
    Unavailable,
)
from .event import Event
from .event_feed import EventFeed
from .publishing import Message

__all__ = [
    "BanyanClient",
    "BanyanError",
    "CallOptions",
    "Event",
    "EventFeed",
    "InvalidEvent",
    "InvalidRequest",
    "Message",
    "MessageTooLarge",
    "NotAllowed",
    "NotFound",
    "RemoteFault",
    "TimedOut",
    "Tls",
    "Unavailable",
]
