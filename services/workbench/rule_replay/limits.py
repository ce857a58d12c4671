"""Contact limits judged again: the domain that judged the requests, against a ledger that comes about anew."""

from collections.abc import Sequence

from services.governance.application.policies import policy_set
from services.governance.application.record import LedgerEvent, RecordedBatch, RecordedOutcome, RecordedOverrun
from services.governance.domain.contacts import Contact
from services.governance.domain.decisions import Decision
from services.governance.domain.instants import from_micros
from services.governance.domain.judgement import judge
from services.governance.domain.refusals import (
    CLOCK_BEHIND,
    ID_REUSED,
    MALFORMED_ID,
    NO_OFFSET,
    RULES_UNREADABLE,
    Terms,
)
from services.workbench.rule_replay.ledger import ReplayedLedger
from services.workbench.rule_replay.tally import Sample, Tally
from shared.rulekit.model import RuleBook

AS_RECORDED = frozenset({CLOCK_BEHIND, ID_REUSED, MALFORMED_ID, NO_OFFSET, RULES_UNREADABLE})
"""Refusals that have nothing to do with the rules: they stay as they were."""


class LimitsReplay:
    """Judges the ledger's batches under one rule book, in their order."""

    def __init__(self, book: RuleBook, terms: Terms, tally: Tally) -> None:
        self._policies = policy_set(book)
        self._terms = terms
        self._tally = tally
        self._ledger = ReplayedLedger(self._policies, terms)
        self._now = 0

    def take(self, event: LedgerEvent) -> None:
        """Judge a batch again and count what differs, or take in what happened between batches."""
        match event:
            case RecordedOutcome():
                self._ledger.outcome(event)
            case RecordedOverrun():
                self._ledger.overrun(event, self._now)
            case RecordedBatch():
                self._now = event.decided_at
                self._ledger.advance(event.number, event.decided_at)
                self._batch(event)

    def _batch(self, batch: RecordedBatch) -> None:
        permits = {each.contact.contact_id: each for each in batch.permits}
        if batch.is_history:
            for permit in batch.permits:
                self._ledger.permit(permit.contact, permit, batch.decided_at)
            return
        refused = {each.contact.contact_id: tuple(each.rules) for each in batch.suppressions}
        fixed = {each.contact.contact_id for each in batch.suppressions if AS_RECORDED.intersection(each.rules)}
        asked = [each.contact for each in batch.permits]
        asked += [each.contact for each in batch.suppressions if each.contact.contact_id not in fixed]
        for _ in fixed:
            self._tally.leave_out()
        for made in self._decisions(batch, asked):
            contact_id = made.contact.contact_id
            if made.is_permitted:
                self._ledger.permit(made.contact, permits.get(contact_id), batch.decided_at)
            elif contact_id in permits:
                self._ledger.withdraw(contact_id)
            self._compare(made, refused.get(contact_id, ()), batch.decided_at)

    def _decisions(self, batch: RecordedBatch, asked: Sequence[Contact]) -> list[Decision]:
        now = batch.decided_at
        situations = self._ledger.situations(asked, batch.marks, now, batch.overrides)
        capacity = self._ledger.capacity(asked, now)
        return judge(asked, situations, self._policies, capacity, self._terms, now).decisions

    def _compare(self, made: Decision, was: tuple[str, ...], decided_at: int) -> None:
        becomes = tuple(each.rule_id for each in made.findings)
        if set(was) == set(becomes):
            self._tally.keep()
            return
        asked = made.contact
        moment = from_micros(decided_at)
        sample = Sample(asked.contact_id, asked.customer_id, asked.campaign_id, asked.offering_id, moment, was, becomes)
        if not was:
            self._tally.change("permit_to_suppress", becomes[0], sample)
        elif not becomes:
            self._tally.change("suppress_to_permit", was[0], sample)
        else:
            self._tally.change("other_reason", becomes[0], sample)
