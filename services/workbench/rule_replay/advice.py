"""Advice judged again: the code that answers desks, on what was known then, under another rule book."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from services.campaigns.adapters.rules import BookInForce
from services.campaigns.application.ports import Eligible
from services.campaigns.application.recording import told
from services.campaigns.application.setting import Setting, conflict_book
from services.campaigns.application.shortlisting import judge_visit
from services.campaigns.domain.advice import Place, Visit
from services.campaigns.domain.candidate import CandidateState, Cause
from services.campaigns.domain.conflicts import PastContact
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE, Plan
from services.workbench.rule_replay.tally import Direction, Sample, Tally
from shared.contracts.decisions import JudgedOffer, RecordedDecision, RecordedScene
from shared.rulekit.facts import Facts, InvalidFact
from shared.rulekit.model import RuleBook
from shared.rulekit.reference import evaluate

PLAIN_FORMULA = "campaign:plain-formula"
_DOUBTED = "判定时无法确认 / could not be told at the time"


class AdviceReplay:
    """Judges recorded advice under one rule book; scenes are told before the advice that names them."""

    def __init__(self, book: RuleBook, tally: Tally) -> None:
        self._book = book
        self._tally = tally
        self._judge = _Reference(book)
        self._scenes: dict[str, tuple[Mapping[str, Plan], Mapping[str, Offering]]] = {}
        self._settings: dict[tuple[str, date], Setting] = {}

    def learn(self, scene: RecordedScene) -> None:
        """Take in plans and catalogue; raises msgspec.ValidationError when they cannot be read."""
        plans = msgspec.convert(scene.plans, list[Plan])
        offerings = msgspec.convert(scene.offerings, list[Offering])
        self._scenes[scene.scene] = (
            {plan.campaign: plan for plan in plans},
            {offering.offering_id: offering for offering in offerings},
        )

    def take(self, decision: RecordedDecision) -> None:
        """Judge a question again and count what differs; one whose scene nobody told is left out."""
        if decision.scene not in self._scenes:
            self._tally.leave_out()
            return
        now = self._judged(decision)
        before = {(each.campaign_id, each.phase): each for each in decision.judged}
        after = {(each.campaign_id, each.phase): each for each in now}
        ranked = _ranked(decision.judged), _ranked(now)
        orders = [[key for key in ranked[side] if key in ranked[1 - side]] for side in (0, 1)]
        moved = {one for pair in zip(*orders, strict=True) if pair[0] != pair[1] for one in pair}
        for key in sorted(before.keys() | after.keys()):
            was, becomes = before.get(key), after.get(key)
            if was is None or becomes is None:  # a place whose offering the rules alone decide about is in both
                self._tally.leave_out()
            else:
                self._compare(decision, was, becomes, is_moved=key in moved)

    def _judged(self, decision: RecordedDecision) -> list[JudgedOffer]:
        setting = self._setting(decision)
        self._judge.doubted = frozenset(decision.doubted)
        held = decision.facts.get("products")
        visit = Visit(
            decision.channel,
            [
                Place(
                    decision.customer_id,
                    each.campaign_id,
                    each.phase,
                    each.cell,
                    CandidateState(each.state),
                    each.offering_id,
                    None,
                )
                for each in decision.places
            ],
            [(each.campaign_id, each.offering_id) for each in decision.orders],
            [PastContact(decision.customer_id, each.campaign_id, each.offering_id, each.at) for each in decision.past],
            frozenset(held) if isinstance(held, list) else None,
        )
        result, _ = judge_visit(visit, decision.facts, setting, decision.request_id)
        return told(result, setting)

    def _setting(self, decision: RecordedDecision) -> Setting:
        on = day_of(decision.decided_at, ZONE)
        kept = self._settings.get((decision.scene, on))
        if kept is None:
            plans, catalogue = self._scenes[decision.scene]
            rules = BookInForce(self._book, on, self._judge)
            kept = Setting(decision.decided_at, plans, catalogue, rules, conflict_book(rules, plans, catalogue))
            self._settings[decision.scene, on] = kept
        return Setting(decision.decided_at, kept.plans, kept.catalogue, kept.rules, kept.book)

    def _compare(self, decision: RecordedDecision, was: JudgedOffer, becomes: JudgedOffer, *, is_moved: bool) -> None:
        sample = Sample(
            decision.request_id,
            decision.customer_id,
            becomes.campaign_id,
            becomes.offering_id,
            decision.decided_at,
            _rules(was),
            _rules(becomes),
        )
        if was.stage != "ranked" and becomes.stage != "ranked":
            is_same = was.stage == becomes.stage and set(sample.was) == set(sample.becomes)
            self._count(is_same, "other_reason", sample.becomes, sample)
        elif becomes.stage != "ranked":
            self._tally.change("permit_to_suppress", sample.becomes[0], sample)
        elif was.stage != "ranked":
            self._tally.change("suppress_to_permit", sample.was[0], sample)
        elif was.offering_id != becomes.offering_id:
            self._tally.change("other_offering", becomes.ranked_by or PLAIN_FORMULA, sample)
        else:
            self._count(not is_moved, "other_rank", (becomes.ranked_by or PLAIN_FORMULA,), sample)

    def _count(self, is_same: bool, direction: Direction, rules: Sequence[str], sample: Sample) -> None:
        if is_same:
            self._tally.keep()
        else:
            self._tally.change(direction, rules[0], sample)


class _Reference:
    """Eligibility by the reference executor; what could not be told at the time cannot be told now."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self.doubted: frozenset[str] = frozenset()

    def judge(self, rule_ids: Sequence[str], facts: Facts, on: date, key: str) -> Eligible:  # noqa: ARG002 - all are judged
        rules = self._book.eligibility
        known = [name for name in rule_ids if name in rules]
        holds = {name: name not in self.doubted and self._holds(name, facts, on) for name in known}
        return Eligible(holds, {name: Cause(name, rules[name].version, _DOUBTED) for name in self.doubted & set(known)})

    def _holds(self, name: str, facts: Facts, on: date) -> bool:
        rule = self._book.eligibility[name]
        try:
            return rule.valid_for.covers(on) and evaluate(rule.when, facts, book=self._book, on=on) is True
        except InvalidFact:  # the vocabulary no longer permits a value recorded then: nobody can be sure
            return False


def _rules(offer: JudgedOffer) -> tuple[str, ...]:
    return tuple(each.rule_id for each in offer.reasons)


def _ranked(judged: Sequence[JudgedOffer]) -> list[tuple[str, str]]:
    """Return the places of the offers ranked, best first."""
    return [(each.campaign_id, each.phase) for each in judged if each.stage == "ranked"]
