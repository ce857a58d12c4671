"""What the use cases need from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from services.channels.domain.order import Order
from services.channels.domain.progress import Standing
from services.channels.domain.sending import Answer, Sending
from services.channels.domain.words import Channel
from shared.contracts.governance import Verdict


class Unit(Protocol):
    """One write transaction: all of it is kept, or nothing. Rows it returns stay locked until it ends."""

    def take(self, orders: Sequence[Order]) -> None:
        """Keep the orders whose contact is not yet known, each at its beginning; leave known ones as they are."""
        ...

    def due(self, contact_ids: Sequence[str], until: datetime, machine_now: datetime) -> list[Standing]:
        """Return those of the orders that are still due at `until` (earliest first) and that nobody holds or leases."""
        ...

    def held(self, lease: str) -> list[Standing]:
        """Return the orders still leased under this name."""
        ...

    def one(self, contact_id: str) -> Standing | None:
        """Return one order, or None."""
        ...

    def workable(self, contact_ids: Sequence[str]) -> list[Standing]:
        """Return those of the orders that a person could still work."""
        ...

    def save(self, standings: Sequence[Standing]) -> None:
        """Overwrite how far these orders have come; the orders themselves never change."""
        ...

    def tell(self, event_type: str, event: msgspec.Struct, *, at: datetime, key: str) -> None:
        """Put an event into the outbox; the same type and key is the same event."""
        ...


class Store(Protocol):
    """Where orders are kept."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Open a write transaction."""
        ...

    def due(self, until: datetime, machine_now: datetime, limit: int, *, only_sent: bool = False) -> list[Standing]:
        """Return the first `limit` orders due at `until` (earliest first) that nobody leases, as they stand now.

        `only_sent` leaves out all but contacts that took place and whose answer is due.
        """
        ...

    def worklist(self, channel: Channel, now: datetime, limit: int) -> list[Standing]:
        """Return orders of a channel that a person can work now (planned and not expired), oldest first."""
        ...


class Governance(Protocol):
    """The authority over contacts."""

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        """Say of each reservation, in order, whether it may still be used; raises Unavailable for want of an answer."""
        ...


class ChannelAdapter(Protocol):
    """One channel, or a simulation of it.

    `external`: sending leaves this house, so it happens between two transactions; otherwise `send` and `answers`
    are quick, touch nothing outside, and run inside one. `simulated`: what it returns is made up, and is marked so.
    One that is neither puts contacts on a work list: they are made once a person sees them there.
    """

    external: bool
    simulated: bool

    def send(self, orders: Sequence[Order], now: datetime) -> Sequence[Sending]:
        """Hand contacts over; exactly one result for each order, in any order. The contact id is the idempotency key.

        Never raises for what the outside does wrong: that is `Queued(again_at=…)`, `unsure` if it may have arrived.
        """
        ...

    def answers(self, orders: Sequence[Order]) -> Sequence[Answer]:
        """Return the answers of sent contacts whose `answer_due_at` has come; none for those that have none."""
        ...


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """One message for one subscriber; `message_id` is the contact's id and the gateway's idempotency key."""

    message_id: str
    customer_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What a gateway did with a message; `may_have_arrived` only matters when it was not accepted."""

    message_id: str
    is_accepted: bool
    reason: str = ""
    is_final: bool = False
    """Not accepted and never will be (an invalid number, say)."""
    may_have_arrived: bool = False


class SmsGateway(Protocol):
    """An SMS centre: takes batches of messages; receipts come later as outcome `delivered` through record_outcome."""

    def submit(self, messages: Sequence[SmsMessage]) -> Sequence[Submission]:
        """Hand messages over; one submission for each. The same message id again is the same message."""
        ...


NewLease = Callable[[], str]
"""Returns a name no other lease has."""
