"""Triggers decided by durable-rules, their windows worked out before; what it says is held against the reference.

Firings are few and each may lead to a contact, so whatever the engine lets fire is judged by the reference executor as
well, and of all the other decisions one in a hundred. A trigger the two do not agree on does not fire.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Protocol

import structlog

from shared.observability import rule_decisions
from shared.rulekit.durable_backend import DurableDecider, EngineFault
from shared.rulekit.facts import Facts, InvalidFact, check_facts
from shared.rulekit.model import RuleBook
from shared.rulekit.reference import evaluate
from shared.rulekit.windows import with_windows

_COMPARE_EVERY = 100
_TRY_AGAIN = 30.0  # seconds after the engine refused the rules: a trial may take long, and others wait

_log = structlog.get_logger(__name__)


class Decider(Protocol):
    """A rules engine with the conditions of one book's triggers."""

    def decide(self, facts: Facts, *, on: date) -> Mapping[str, bool]:
        """Return for each trigger whether its condition holds; raises EngineFault and InvalidFact."""
        ...


def _durable(book: RuleBook) -> Decider:
    return DurableDecider({rule.id: rule.condition for rule in book.triggers.values()}, with_windows(book))


class DurableTriggers:
    """Port `TriggerEngine`; safe to share between threads."""

    def __init__(
        self,
        make: Callable[[RuleBook], Decider] = _durable,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._monotonic = monotonic
        self._lock = Lock()
        self._number = itertools.count()
        self._compiled: tuple[RuleBook, Decider | None, float] | None = None

    def prepare(self, book: RuleBook) -> None:
        """Compile the triggers of a book, which may take a second: not to be done within a transaction."""
        self._decider(book)

    def holding(self, book: RuleBook, subscribers: Sequence[Facts], on: date) -> list[frozenset[str] | None]:
        """Return the ids of the triggers that hold for each subscriber; None where the engine failed."""
        decider = self._decider(book)
        if decider is None:
            return [None] * len(subscribers)
        own = with_windows(book)
        return [self._decide(decider, own, facts, on) for facts in subscribers]

    def _decider(self, book: RuleBook) -> Decider | None:
        with self._lock:
            kept = self._compiled
            if kept is None or kept[0] is not book or (kept[1] is None and self._monotonic() >= kept[2]):
                kept = self._compiled = book, self._compile(book), self._monotonic() + _TRY_AGAIN
            return kept[1]

    def _compile(self, book: RuleBook) -> Decider | None:
        try:
            return self._make(book)
        except EngineFault as fault:
            rule_decisions.engine_faults.inc()
            _log.error("rules_engine_fault", rule_set=book.version, error=fault.message)
            return None

    def _decide(self, decider: Decider, book: RuleBook, facts: Facts, on: date) -> frozenset[str] | None:
        try:
            holds = frozenset(name for name, said in decider.decide(facts, on=on).items() if said)
        except InvalidFact:  # kept under an older vocabulary: what it no longer permits is unknown
            faulty = {fault.fact for fault in check_facts(facts, book.vocabulary)}
            return self._decide(decider, book, {name: one for name, one in facts.items() if name not in faulty}, on)
        except EngineFault as fault:
            rule_decisions.engine_faults.inc()
            _log.error("rules_engine_fault", rule_set=book.version, error=fault.message)
            return None
        if holds or next(self._number) % _COMPARE_EVERY == 0:
            return holds - _differing_on(holds, book, facts, on)
        return holds


def _differing_on(holds: frozenset[str], book: RuleBook, facts: Facts, on: date) -> frozenset[str]:
    """Return the triggers of which the reference says otherwise."""
    rule_decisions.compared.inc()
    meant = {name for name, rule in book.triggers.items() if evaluate(rule.condition, facts, book=book, on=on) is True}
    differing = holds ^ meant
    for name in sorted(differing):
        rule_decisions.differing.labels(rule=name).inc()
        version = book.triggers[name].version
        _log.error("rule_decision_differs", rule=name, version=version, engine=name in holds, reference=name in meant)
    return frozenset(differing)
