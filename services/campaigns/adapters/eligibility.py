"""Eligibility rules judged by durable-rules, a sample of the decisions by the reference executor as well.

What the two do not agree on is held back, told and counted: the engine is quick, and the reference is what rules mean.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Protocol

import structlog

from services.campaigns.application.ports import Eligible
from services.campaigns.domain.candidate import Cause
from shared.kernel.identity import unit_interval
from shared.observability import rule_decisions
from shared.rulekit.durable_backend import DurableDecider, EngineFault
from shared.rulekit.facts import Facts, InvalidFact, check_facts, facts_of
from shared.rulekit.model import RuleBook
from shared.rulekit.reference import evaluate

COMPARE_SHARE = 0.01
ENGINE_FAULT = "campaign:engine-fault"
_MOST_REBUILDS = 20  # per rule set: what the engine holds of an abandoned programme is not given back
_TRY_AGAIN = 30.0  # seconds after the engine refused the rules: a trial may take long, and a desk waits
_DIFFERS = "两种执行方式的判断不一致，按不满足处理 / two executors disagree on this rule: taken as not met"
_FAULTY = "规则引擎未给出结论，不予推荐 / the rules engine gave no answer: no offer"

_log = structlog.get_logger(__name__)


class Decider(Protocol):
    """A rules engine with the eligibility rules of one book."""

    def decide(self, facts: Facts, *, on: date) -> Mapping[str, bool]:
        """Return for each rule whether it holds; raises EngineFault."""
        ...


def _durable(book: RuleBook) -> Decider:
    return DurableDecider({name: rule.when for name, rule in book.eligibility.items()}, book)


def permitted(facts: Facts, book: RuleBook) -> Facts:
    """Return the facts that the vocabulary permits: a snapshot may be of an older one, which rules outlive."""
    faulty = {fault.fact for fault in check_facts(facts, book.vocabulary)}
    return {name: value for name, value in facts.items() if name not in faulty}


class EligibilityJudge:
    """All eligibility rules of one rule set in one programme, compiled at first use; safe to share between threads.

    `share` of the decisions, chosen by their key, are compared; a rule that differed once is compared always from then
    on, as long as this rule set is in force.
    """

    def __init__(
        self,
        book: RuleBook,
        share: float = COMPARE_SHARE,
        *,
        make: Callable[[RuleBook], Decider] = _durable,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.book = book
        self._share = share
        self._make = make
        self._monotonic = monotonic
        self._lock = Lock()
        self._decider: Decider | None = None
        self._rebuilds = 0
        self._refused: tuple[EngineFault, float] | None = None
        self._suspects: set[str] = set()

    def judge(self, rule_ids: Sequence[str], facts: Facts, on: date, key: str) -> Eligible:
        """Return which rules hold: unknown, not in force or not there do not; what is not permitted is unknown."""
        if not rule_ids:
            return Eligible({}, {})
        try:
            verdicts = self._decided(facts, on)
        except InvalidFact:  # one subscriber's old value must not keep all who ask at the same moment from an answer
            return self.judge(rule_ids, permitted(facts, self.book), on, key)
        except EngineFault as fault:
            rule_decisions.engine_faults.inc()
            _log.error("rules_engine_fault", rule_set=self.book.version, error=fault.message)
            return Eligible({}, dict.fromkeys(rule_ids, Cause(ENGINE_FAULT, self.book.version, _FAULTY)))
        rules = self.book.eligibility
        known = [name for name in rule_ids if name in rules]
        doubted = self._doubted(known, verdicts, facts, on, key)
        holds = {
            name: verdicts.get(name, False) and name not in doubted and rules[name].valid_for.covers(on)
            for name in known
        }
        return Eligible(holds, {name: Cause(name, rules[name].version, _DIFFERS) for name in doubted})

    def _decided(self, facts: Facts, on: date) -> Mapping[str, bool]:
        decider = self._programme()
        try:
            return decider.decide(facts, on=on)
        except EngineFault:
            with self._lock:
                if self._decider is decider and self._rebuilds < _MOST_REBUILDS:
                    self._rebuilds += 1
                    self._decider = None  # the next question begins with a new one
            raise

    def _programme(self) -> Decider:
        with self._lock:
            if self._decider is None:
                if self._refused and self._monotonic() < self._refused[1]:
                    raise self._refused[0]
                try:
                    self._decider = self._make(self.book)
                except EngineFault as fault:
                    self._refused = fault, self._monotonic() + _TRY_AGAIN
                    raise
            return self._decider

    def _doubted(
        self, rule_ids: Sequence[str], verdicts: Mapping[str, bool], facts: Facts, on: date, key: str
    ) -> list[str]:
        """Return the rules on which the executors differ, of those that are compared."""
        is_sampled = unit_interval("compare", key) < self._share
        compared = rule_ids if is_sampled else [name for name in rule_ids if name in self._suspects]
        if not compared:
            return []
        rule_decisions.compared.inc()
        return [name for name in compared if self._differs(name, verdicts.get(name, False), facts, on)]

    def _differs(self, name: str, said: bool, facts: Facts, on: date) -> bool:
        rule = self.book.eligibility[name]
        meant = evaluate(rule.when, facts, book=self.book, on=on) is True
        if meant is said:
            return False
        self._suspects.add(name)
        rule_decisions.differing.labels(rule=name).inc()
        _log.error(
            "rule_decision_differs",
            rule=name,
            version=rule.version,
            engine=said,
            reference=meant,
            facts=sorted(facts_of(rule.when, self.book)),  # names only: values are personal
        )
        return True
