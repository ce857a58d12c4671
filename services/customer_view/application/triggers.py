"""Events in, triggers out: keep what happened, judge those it happened to, tell what fired."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.customer_view.application.event_ports import Due, Firing, TriggerEngine
from services.customer_view.application.faults import BatchTooLarge
from services.customer_view.application.happenings import (
    Happening,
    check_event,
    kept_since,
    known_attributes,
    read_since,
)
from services.customer_view.application.ports import Also, FactsById, Rules, Store, Transaction
from shared.contracts.customer_view import (
    CustomerEvent,
    FiringReport,
    TriggerFiring,
    TriggersFired,
    UpsertResult,
)
from shared.contracts.wire import BULK_LIMIT, RowFault
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest
from shared.kernel.identity import derive_id
from shared.rulekit.facts import facts_of
from shared.rulekit.model import RuleBook
from shared.rulekit.windows import Event, may_fire, next_look, trigger_facts, with_windows

_LOG = logging.getLogger(__name__)
PAGE = 500
"""Subscribers judged at once: their events are in memory together."""
_PER_EVENT = 200
_FORGOTTEN_AT_ONCE = 20_000


@dataclass(slots=True)
class _Tally:
    judged: int = 0
    fired: int = 0
    left: int = 0


class Triggers:
    """Records events and fires triggers; safe to share between threads. Every write may be repeated.

    Whoever is judged is locked until the transaction ends, so that no two judgements fire the same trigger.
    """

    def __init__(
        self,
        *,
        store: Store,
        rules: Rules,
        engine: TriggerEngine,
        clock: Clock,
        zone: ZoneInfo,
        fresh: Callable[[], str],
        has_timers: bool,
    ) -> None:
        self._store = store
        self._rules = rules
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._fresh = fresh
        self._has_timers = has_timers

    def record_events(
        self, events: Sequence[CustomerEvent], *, limit: int = BULK_LIMIT, also: Also | None = None
    ) -> UpsertResult:
        """Keep the good events, report the others by position, and fire what follows; raises BatchTooLarge.

        `also` takes part in the transaction that keeps them.
        """
        if len(events) > limit:
            message = f"{len(events)} events are more than one call may carry ({limit})"
            raise BatchTooLarge(message, details={"field": "events", "limit": limit})
        book, now = self._rules.current(), self._now()
        since = kept_since(book, now)
        self._prepare(book)
        happenings = [_happening(one) for one in events]
        faults = [
            RowFault(index=index, field=fault.field, message=fault.message)
            for index, one in enumerate(happenings)
            for fault in check_event(one, book, now=now, since=since)
        ]
        bad = {fault.index for fault in faults}
        with self._store.write(book) as transaction:
            customer_ids = sorted({one.customer_id for index, one in enumerate(happenings) if index not in bad})
            known = transaction.known(customer_ids, _reads(book))
            strangers = [
                RowFault(index=index, field="customer_id", message=f"there is no subscriber {one.customer_id!r}")
                for index, one in enumerate(happenings)
                if index not in bad and one.customer_id not in known
            ]
            bad |= {fault.index for fault in strangers}
            good = [one for index, one in enumerate(happenings) if index not in bad]
            transaction.events.keep(good)
            named = read_since(book, now)
            concerned = {one.customer_id for one in good if one.event.type in named}
            self._judge_all(transaction, book, {who: known[who] for who in sorted(concerned)}, now)
            result = UpsertResult(written=len(good), faults=[*faults, *strangers])
            if also:
                also(transaction, result)
        return result

    def fire_due(self, until: datetime | None) -> FiringReport:
        """Judge everybody who is due although no event arrived, as of `until` (now if null, never later than now)."""
        at, book, tally = self._moment(until), self._rules.current(), _Tally()
        since = kept_since(book, at)
        self._prepare(book)
        self._forget(book, since)
        if book.triggers:
            with self._store.write(book) as transaction:
                transaction.events.watch_all(_version(book), since=since, at=at)
        after: Due | None = None
        while book.triggers:
            with self._store.write(book) as transaction:
                due = transaction.events.due(at, after, PAGE)
                if not due:
                    break
                after = due[-1]
                customer_ids = sorted({customer_id for _, customer_id in due})
                known = transaction.known(customer_ids, _reads(book))
                part = self._judge(transaction, book, known, at)
            tally.judged += part.judged
            tally.fired += part.fired
            tally.left += part.left
            if part.judged and part.left == part.judged:
                break  # the engine does not answer at all: the next sweep tries again
        return FiringReport(judged=tally.judged, fired=tally.fired, left=tally.left)

    def tick(self) -> None:
        """Sweep by the clock, where this process has timers."""
        if self._has_timers:
            self.fire_due(None)

    def _prepare(self, book: RuleBook) -> None:
        if book.triggers:
            self._engine.prepare(book)

    def _forget(self, book: RuleBook, before: datetime) -> None:
        deleted = _FORGOTTEN_AT_ONCE
        while deleted == _FORGOTTEN_AT_ONCE:
            with self._store.write(book) as transaction:
                deleted = transaction.events.forget(before, _FORGOTTEN_AT_ONCE)

    def _judge_all(self, transaction: Transaction, book: RuleBook, known: FactsById, at: datetime) -> None:
        customer_ids = list(known)
        for start in range(0, len(customer_ids), PAGE):
            page = customer_ids[start : start + PAGE]
            self._judge(transaction, book, {one: known[one] for one in page}, at)

    def _judge(self, transaction: Transaction, book: RuleBook, known: FactsById, at: datetime) -> _Tally:
        """Judge subscribers with these facts, all locked: store and tell what fires, and when to look again."""
        customer_ids = list(known)
        events = transaction.events.of_customers(customer_ids, read_since(book, at))
        last = transaction.events.last_firings(customer_ids)
        rules = list(book.triggers.values())
        windows = [trigger_facts(rules, events.get(one, ()), at=at, book=book) for one in customer_ids]
        subscribers = [{**known[one], **seen} for one, seen in zip(customer_ids, windows, strict=True)]
        holding = self._engine.holding(book, subscribers, at.date())
        tally = _Tally(judged=len(customer_ids))
        firings: list[Firing] = []
        looks: dict[str, datetime | None] = {}
        for customer_id, seen, holds in zip(customer_ids, windows, holding, strict=True):
            if holds is None:
                tally.left += 1
                looks[customer_id] = at
                continue
            fired = _fired(book, customer_id, seen, holds, last, at)
            firings += fired
            own = {rule: last.get((customer_id, rule)) for rule in book.triggers}
            own |= {one.trigger_id: at for one in fired}
            looks[customer_id] = _next_look(book, events.get(customer_id, ()), own, at)
        if tally.left:
            _LOG.error("triggers of %d subscribers are not decided: they are looked at again", tally.left)
        transaction.events.watch(looks)
        transaction.events.add_firings(firings, at=at, rule_set=book.version)
        self._tell(transaction, book, firings, at)
        tally.fired = len(firings)
        return tally

    def _tell(self, transaction: Transaction, book: RuleBook, firings: Sequence[Firing], at: datetime) -> None:
        told = [
            TriggerFiring(
                trigger=one.trigger_id,
                trigger_version=one.trigger_version,
                customer_id=one.customer_id,
                window=one.counted,
            )
            for one in firings
        ]
        for start in range(0, len(told), _PER_EVENT):
            part = told[start : start + _PER_EVENT]
            event = TriggersFired(fired_at=at, rule_set=book.version, firings=part)
            transaction.events.tell(event, key=self._fresh())

    def _moment(self, until: datetime | None) -> datetime:
        now = self._now()
        if until is None:
            return now
        if until.tzinfo is None:
            raise InvalidRequest("`until` needs a UTC offset", details={"field": "until"})
        if until > now:
            raise InvalidRequest("`until` lies in the future", details={"field": "until", "now": now.isoformat()})
        return until.astimezone(self._zone)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)


def _happening(one: CustomerEvent) -> Happening:
    return Happening(one.event_id, one.customer_id, Event(one.type, one.at, known_attributes(one.attributes)))


def _fired(
    book: RuleBook,
    customer_id: str,
    windows: Mapping[str, int],
    holds: frozenset[str],
    last: Mapping[tuple[str, str], datetime],
    at: datetime,
) -> list[Firing]:
    return [
        Firing(customer_id, rule.id, rule.version, windows[rule.window_fact.name])
        for rule in book.triggers.values()
        if rule.id in holds and may_fire(rule, at=at, last_fired_at=last.get((customer_id, rule.id)))
    ]


def _next_look(
    book: RuleBook, events: Sequence[Event], last: Mapping[str, datetime | None], at: datetime
) -> datetime | None:
    looks = [next_look(rule, events, at=at, last_fired_at=last[rule.id], book=book) for rule in book.triggers.values()]
    return min((look for look in looks if look is not None), default=None)


def _reads(book: RuleBook) -> frozenset[str]:
    """Return the facts of the vocabulary that the triggers' conditions read."""
    own = with_windows(book)
    read = frozenset[str]().union(*(facts_of(rule.condition, own) for rule in book.triggers.values()))
    return read & frozenset(book.vocabulary.facts)


def _version(book: RuleBook) -> str:
    """Return what tells triggers from other triggers; of the rest of the book only the vocabulary matters."""
    return derive_id(
        "triggers", book.vocabulary.version, *(f"{one.id} {one.version}" for one in book.triggers.values())
    )
