"""Events as they come from outside: what is wrong with one, and how long events are kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.customer_view.domain.batches import is_customer_id
from shared.rulekit.facts import Facts, check_facts, nearest
from shared.rulekit.model import RuleBook
from shared.rulekit.windows import Event, attributes_of, lookback

AHEAD = timedelta(hours=1)
"""How far ahead of our clock an event may lie: the clocks of those who tell us are not ours."""
LEAST_KEPT = timedelta(days=7)
"""How long events are kept at least: a trigger that is new or was changed finds them."""
_LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a subscriber under the id by which it is known."""

    event_id: str
    customer_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class EventFault:
    """One mistake: its field and what is wrong, led by a code."""

    field: str
    message: str


def kept_since(book: RuleBook, now: datetime) -> datetime:
    """Return the instant from which on events are kept: as far back as any trigger looks."""
    return now - max([LEAST_KEPT, *lookback(book).values()])


def read_since(book: RuleBook, now: datetime) -> Mapping[str, datetime]:
    """Return, for each type of event that triggers name, the instant from which on they are read."""
    return {kind: now - span for kind, span in lookback(book).items()}


def check_event(happening: Happening, book: RuleBook, *, now: datetime, since: datetime) -> Iterator[EventFault]:
    """Yield what is wrong with an event that is told now; events are kept from `since` on.

    Codes: bad_event_id, bad_customer_id, unknown_event, bad_instant, too_new, too_old, and those of `check_facts`.
    """
    if not (0 < len(happening.event_id) <= _LONGEST_ID and happening.event_id.isprintable()):
        yield EventFault("event_id", f"bad_event_id: an id has 1 to {_LONGEST_ID} printable characters")
    if not is_customer_id(happening.customer_id):
        yield EventFault("customer_id", "bad_customer_id: an id has 1 to 64 printable characters and no blanks")
    yield from _instant(happening.event.at, now, since)
    kind = happening.event.type
    if kind not in book.events:
        near = nearest(kind, book.events)
        hint = f"; did you mean {near!r}?" if near else ""
        yield EventFault("type", f"unknown_event: there is no event type {kind!r}{hint}")
        return
    for fault in check_facts(happening.event.attributes, attributes_of(book, kind)):
        yield EventFault(f"attributes.{fault.fact}", f"{fault.code}: {fault.message}")


def _instant(at: datetime, now: datetime, since: datetime) -> Iterator[EventFault]:
    if at.tzinfo is None:
        yield EventFault("at", "bad_instant: an instant needs a UTC offset")
    elif at > now + AHEAD:
        yield EventFault("at", f"too_new: {at.isoformat()} is more than {AHEAD} ahead of {now.isoformat()}")
    elif at < since:
        yield EventFault("at", f"too_old: no trigger looks back to {at.isoformat()}")


def known_attributes(attributes: Facts) -> Facts:
    """Return the attributes that have a value, as they are kept."""
    return {name: value for name, value in attributes.items() if value is not None}
