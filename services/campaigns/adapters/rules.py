"""The rules in force, as campaigns needs them: conflicts as the domain's values, eligibility through durable-rules."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from threading import Lock

from services.campaigns.application.ports import RuleWords
from services.campaigns.domain import conflicts
from shared.kernel.text import Text
from shared.rulekit import model
from shared.rulekit.conditions import read_condition
from shared.rulekit.durable_backend import DurableDecider
from shared.rulekit.facts import Facts
from shared.rulekit.faults import RuleFaults
from shared.rulekit.reference import explain
from shared.rulekit.rule_book import RuleBook, RuleSource


class FolderRules:
    """Port `Rules` over a folder of rule files."""

    def __init__(self, source: RuleSource) -> None:
        self._source = source
        self._lock = Lock()
        self._judge: EligibilityJudge | None = None

    def current(self, on: date) -> "BookInForce":
        """Return the rules in force on a day; judges are kept as long as the rule set stays the same."""
        book = self._source.current()
        with self._lock:
            if self._judge is None or self._judge.book is not book:
                self._judge = EligibilityJudge(book)
            return BookInForce(book, on, self._judge)


class EligibilityJudge:
    """All eligibility rules of one rule set in one durable-rules programme, compiled at first use."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    @cached_property
    def decider(self) -> DurableDecider:
        """The compiled programme; raises EngineFault when the engine cannot carry these rules."""
        return DurableDecider({name: rule.when for name, rule in self.book.eligibility.items()}, self.book)


class BookInForce:
    """Port `RulesInForce`: one consistent rule set on one day."""

    def __init__(self, book: RuleBook, on: date, judge: EligibilityJudge) -> None:
        self._book = book
        self._on = on
        self._judge = judge

    @property
    def version(self) -> str:
        """The rule set's version."""
        return self._book.version

    @property
    def segments(self) -> frozenset[str]:
        """The ids of all segments."""
        return frozenset(self._book.segments)

    @cached_property
    def conflicts(self) -> Sequence[conflicts.ConflictRule]:
        """The conflict rules valid today, in order of id."""
        rules = sorted(self._book.conflicts.items())
        return [_conflict(rule) for _, rule in rules if rule.valid_for.covers(self._on)]

    @cached_property
    def eligibility(self) -> Mapping[str, RuleWords]:
        """The eligibility rules by id."""
        return {name: RuleWords(rule.version, rule.because) for name, rule in sorted(self._book.eligibility.items())}

    def faults_of(self, condition: Mapping[str, object]) -> list[str]:
        """Say what is wrong with an inline condition."""
        try:
            read_condition(condition, self._book.vocabulary, segments=self._book.segments)
        except RuleFaults as faulty:
            return [str(fault) for fault in faulty.faults]
        return []

    def eligible(self, rule_ids: Sequence[str], facts: Facts, on: date) -> Mapping[str, bool]:
        """Judge eligibility rules for one subscriber: unknown, not in force or not there counts as not eligible."""
        verdicts = self._judge.decider.decide(facts, on=on) if rule_ids else {}
        rules = self._book.eligibility
        return {name: verdicts.get(name, False) and rules[name].valid_for.covers(on) for name in rule_ids}

    def explain(self, rule_id: str, facts: Facts) -> Text:
        """Return an eligibility rule's `because` with its placeholders filled."""
        return explain(self._book.eligibility[rule_id], facts, book=self._book)


def _conflict(rule: model.ConflictRule) -> conflicts.ConflictRule:
    common = (rule.id, rule.version, rule.because)
    match rule:
        case model.Exclusive():
            return conflicts.Exclusive(*common, _members(rule.members))
        case model.Requires():
            return conflicts.Requires(*common, rule.offering, rule.products)
        case model.Supersedes():
            return conflicts.Supersedes(*common, _members(rule.winner), _members(rule.loser))
        case model.NotWithin():
            return conflicts.NotWithin(*common, rule.same, rule.span)


def _members(members: model.Members) -> conflicts.Members:
    return conflicts.Members(members.categories, members.campaigns, members.offerings)
