"""A synthetic BOSS on the bus: records in batches at a rate, asked again while nobody answers, and what came of it."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from services.workbench.sandbox.disturbing import Item
from services.workbench.sandbox.records import Kind
from shared.contracts.customer_view import UpsertResult
from shared.kernel.faults import Fault
from shared.messaging.stream_queue import FEED_EXCHANGE

METHODS: dict[Kind, str] = {
    "customers": "upsert_customers",
    "events": "record_events",
    "orders": "record_orders",
}
SERVICE = "customer_view_bulk"
_TIMEOUT = 120.0
_TRIES = 6
_PAUSE_SECONDS = 0.5
_SHOWN = 10
_AGAIN = frozenset({"unavailable", "expired", "internal_fault"})


class Caller(Protocol):
    """What is needed of the integrator's client."""

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Return the answer; raises a Fault."""
        ...


class Publisher(Protocol):
    """What is needed of the integrator's client to feed a stream."""

    def publish(self, exchange: str, routing_key: str, body: bytes) -> None:
        """Return once the broker has taken the message over; raises a Fault."""
        ...


class FeedStream:
    """Hands batches to BOSS's event streams instead of calling a method; who follows the stream judges them."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: object) -> Any:  # noqa: ANN401, ARG002 - as a client
        """Publish the one list among the arguments to the stream of its name; taken over is all that can be told."""
        [(name, batch)] = arguments.items()
        self._publisher.publish(FEED_EXCHANGE, name, msgspec.json.encode(batch))
        return {"written": len(batch) if isinstance(batch, list) else 0, "faults": []}


class Told(msgspec.Struct, kw_only=True):
    """What was sent and what came of it; `is_as_expected`: what was refused is just what was malformed.

    To a stream everything is accepted; what its follower refused, `banyan feeds status` tells.
    """

    kind: str
    sent: int = 0
    repeated: int = 0
    """Of those sent: told a second time under the same id. They are accepted, and change nothing."""
    malformed: int = 0
    accepted: int = 0
    refused: int = 0
    refused_by_field: dict[str, int] = {}
    first_faults: list[str] = []
    requests: int = 0
    asked_again: int = 0
    """Requests that were not answered and were sent again with the same ids."""
    seconds: float = 0
    is_as_expected: bool = False


class Boss:
    """Sends records through one of customer_view's bulk methods."""

    def __init__(
        self,
        caller: Caller,
        kind: Kind,
        *,
        batch: int = 500,
        rate: float = 0,
        wait: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `rate` is records a second, 0 for as many as are taken."""
        self._caller, self._kind = caller, kind
        self._batch = max(1, min(batch, int(rate) or batch))
        self._rate, self._wait, self._now = rate, wait, now
        self._fields: Counter[str] = Counter()
        self.told = Told(kind=kind)

    def tell(self, items: Iterable[Item]) -> Told:
        """Send all and return what came of it; raises a Fault where the service stays away."""
        started = self._now()
        for page in _pages(items, self._batch):
            self._pace(started)
            self._send(page)
        self.told.seconds = round(self._now() - started, 2)
        self.told.refused_by_field = dict(self._fields.most_common())
        to_refuse = 0 if isinstance(self._caller, FeedStream) else self.told.malformed
        self.told.is_as_expected = self.told.refused == to_refuse
        return self.told

    def _pace(self, started: float) -> None:
        if self._rate:
            ahead = started + self.told.sent / self._rate - self._now()
            if ahead > 0:
                self._wait(ahead)

    def _send(self, page: Sequence[Item]) -> None:
        self.told.sent += len(page)
        self.told.repeated += sum(item.is_repeated for item in page)
        self.told.malformed += sum(item.is_malformed for item in page)
        try:
            answer = self._ask(page)
        except Fault as fault:
            if fault.code != "invalid_request":
                raise
            self._refused(str(fault.details.get("field", "")), fault.message, len(page))
            return
        self.told.accepted += answer.written
        rows = {row.index: row for row in reversed(answer.faults)}  # the first of each record
        for index, row in sorted(rows.items()):
            self._refused(row.field, row.message, 1, str(page[index].record.get(_ID[self._kind])))

    def _ask(self, page: Sequence[Item]) -> UpsertResult:
        arguments = {self._kind: [item.record for item in page]}
        for attempt in range(_TRIES):
            self.told.requests += 1
            try:
                answer = self._caller.call(SERVICE, METHODS[self._kind], timeout=_TIMEOUT, **arguments)
                return msgspec.convert(answer, UpsertResult)
            except Fault as fault:
                if fault.code not in _AGAIN or attempt == _TRIES - 1:
                    raise
                self.told.asked_again += 1
                self._wait(_PAUSE_SECONDS * 2**attempt)
        raise AssertionError

    def _refused(self, field: str, message: str, count: int, name: str = "") -> None:
        self.told.refused += count
        self._fields[_without_index(field)] += count
        if len(self.told.first_faults) < _SHOWN:
            self.told.first_faults.append(f"{name or 'request'}: {field}: {message}")


_ID: dict[Kind, str] = {"customers": "customer_id", "events": "event_id", "orders": "order_id"}


def _pages(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut into pages; an item that would spoil the others of its request travels alone."""
    page: list[Item] = []
    for item in items:
        if item.is_request_fault:
            yield [item]
            continue
        page.append(item)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page


def _without_index(field: str) -> str:
    """Write `events[3].at` as `events[].at`, so that faults of one sort are counted together."""
    return "".join(letter for letter in field if not letter.isdigit())
