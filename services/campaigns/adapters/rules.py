"""The rules in force, as campaigns needs them: conflicts as the domain's values, eligibility through durable-rules."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from threading import Lock
from typing import Protocol

from services.campaigns.adapters.eligibility import COMPARE_SHARE, EligibilityJudge, permitted
from services.campaigns.application.ports import Eligible, RuleWords
from services.campaigns.domain import conflicts, ranking
from services.campaigns.domain.members import Members
from shared.kernel.text import Text
from shared.rulekit import model
from shared.rulekit.facts import Facts, InvalidFact
from shared.rulekit.faults import RuleFaults
from shared.rulekit.in_force.rule_source import RuleSource
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reference import explain


class FolderRules:
    """Port `Rules` over a folder of rule files."""

    def __init__(self, source: RuleSource, share: float = COMPARE_SHARE) -> None:
        """`share` of run-time decisions is judged by the reference executor as well."""
        self._source = source
        self._share = share
        self._lock = Lock()
        self._judge: EligibilityJudge | None = None

    def current(self, on: date) -> "BookInForce":
        """Return the rules in force on a day; judges are kept as long as the rule set stays the same."""
        book = self._source.current()
        with self._lock:
            if self._judge is None or self._judge.book is not book:
                self._judge = EligibilityJudge(book, self._share)
            return BookInForce(book, on, self._judge)


class Judge(Protocol):
    """Whoever judges the eligibility rules of a book."""

    def judge(self, rule_ids: Sequence[str], facts: Facts, on: date, key: str) -> Eligible:
        """Return which rules hold."""
        ...


class BookInForce:
    """Port `RulesInForce`: one consistent rule set on one day."""

    def __init__(self, book: RuleBook, on: date, judge: Judge) -> None:
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

    @property
    def triggers(self) -> frozenset[str]:
        """The ids of all triggers."""
        return frozenset(self._book.triggers)

    @cached_property
    def conflicts(self) -> Sequence[conflicts.ConflictRule]:
        """The conflict rules valid today, in order of id."""
        rules = sorted(self._book.conflicts.items())
        return [_conflict(rule) for _, rule in rules if rule.valid_for.covers(self._on)]

    @cached_property
    def ranking(self) -> Sequence[ranking.RankingRule]:
        """The ranking rules valid today, in order of id."""
        return [_ranking(rule) for _, rule in sorted(self._book.ranking.items()) if rule.valid_for.covers(self._on)]

    @cached_property
    def similar_span(self) -> timedelta:
        """For how long governance keeps campaigns apart that are alike; zero when no policy says so."""
        policies = self._book.contact_policies.values()
        spans = (one.span for one in policies if isinstance(one, model.NoRepeat) and one.of == "similar_campaign")
        return max(spans, default=timedelta())

    @cached_property
    def eligibility(self) -> Mapping[str, RuleWords]:
        """The eligibility rules by id."""
        return {
            name: RuleWords(rule.version, rule.because, rule.level)
            for name, rule in sorted(self._book.eligibility.items())
        }

    def faults_of(self, condition: Mapping[str, object]) -> list[str]:
        """Say what is wrong with an inline condition."""
        try:
            read_condition(
                condition, self._book.vocabulary, segments=self._book.segments, holder="customer_view"
            )  # which selects the audience
        except RuleFaults as faulty:
            return [str(fault) for fault in faulty.faults]
        return []

    def eligible(self, rule_ids: Sequence[str], facts: Facts, on: date, key: str) -> Eligible:
        """Judge eligibility rules for one subscriber: unknown, not in force or not there counts as not eligible."""
        return self._judge.judge(rule_ids, facts, on, key)

    def explain(self, rule_id: str, facts: Facts) -> Text:
        """Return an eligibility rule's `because` with its placeholders filled; what is not permitted is unknown."""
        rule = self._book.eligibility[rule_id]
        try:
            return explain(rule, facts, book=self._book)
        except InvalidFact:
            return explain(rule, permitted(facts, self._book), book=self._book)


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


def _ranking(rule: model.RankingRule) -> ranking.RankingRule:
    bounds = (ranking.Bounds(each.at_least, each.at_most) for each in (rule.value, rule.propensity, rule.priority))
    value, propensity, priority = bounds
    return ranking.RankingRule(
        rule_id=rule.id,
        rule_version=rule.version,
        because=rule.because,
        members=_members(rule.members),
        order=rule.order,
        value=value,
        propensity=propensity,
        otherwise=rule.otherwise,
        priority=priority,
    )


def _members(members: model.Members) -> Members:
    return Members(members.categories, members.campaigns, members.offerings)
