"""Triggers decided by durable-rules, their window facts worked out before."""

from collections.abc import Sequence
from datetime import date
from threading import Lock

import structlog

from shared.rulekit.durable_backend import DurableDecider, EngineFault
from shared.rulekit.facts import Facts, InvalidFact, check_facts
from shared.rulekit.model import RuleBook
from shared.rulekit.windows import with_windows

_log = structlog.get_logger(__name__)


class DurableTriggers:
    """Port `TriggerEngine`; the programme of a rule book is compiled when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiled: tuple[RuleBook, DurableDecider] | None = None

    def holding(self, book: RuleBook, subscribers: Sequence[Facts], on: date) -> list[frozenset[str] | None]:
        """Return the ids of the triggers that hold for each subscriber; None where the engine failed."""
        try:
            decider = self._decider(book)
        except EngineFault as fault:
            _log.error("triggers_refused", rule_set=book.version, fault=fault.message)
            return [None] * len(subscribers)
        return [_decide(decider, with_windows(book), facts, on) for facts in subscribers]

    def _decider(self, book: RuleBook) -> DurableDecider:
        with self._lock:
            if self._compiled is None or self._compiled[0] is not book:
                conditions = {rule.id: rule.condition for rule in book.triggers.values()}
                self._compiled = book, DurableDecider(conditions, with_windows(book))
            return self._compiled[1]


def _decide(decider: DurableDecider, book: RuleBook, facts: Facts, on: date) -> frozenset[str] | None:
    try:
        verdicts = decider.decide(facts, on=on)
    except InvalidFact:  # kept under an older vocabulary: what it no longer permits is unknown
        faulty = {fault.fact for fault in check_facts(facts, book.vocabulary)}
        return _decide(decider, book, {name: value for name, value in facts.items() if name not in faulty}, on)
    except EngineFault as fault:
        _log.error("trigger_not_decided", fault=fault.message)
        return None
    return frozenset(name for name, holds in verdicts.items() if holds)
