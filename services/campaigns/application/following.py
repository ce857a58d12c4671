"""What follows from what came of contacts: orders, next steps, patience; and another try where a contact failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.campaigns.application.step_book import contact_id_of
from services.campaigns.application.store_ports import Store, Transaction
from services.campaigns.domain.candidate import CandidateState, Contact
from services.campaigns.domain.case import Case, CaseState
from services.campaigns.domain.order import SalesOrder
from services.campaigns.domain.outcomes import LEAVES, CandidateMove, following
from services.campaigns.domain.plan import Treatment

PAGE = 2_000
RETRY_AFTER = timedelta(hours=24)
MOST_FAILURES = 3
"""A contact that channels could not make is tried so many times in all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one contact."""

    contact_id: str
    outcome: str
    detail: str
    at: datetime


def follow(tx: Transaction, answers: Sequence[Answer]) -> list[Contact]:
    """Keep what came of contacts and carry out what follows; an acceptance is never undone. Returns the contacts."""
    latest = {each.contact_id: each for each in sorted(answers, key=lambda each: (each.at, each.outcome == "accepted"))}
    contacts = [each for each in tx.contacts.many(sorted(latest)) if each.outcome != "accepted"]
    cases = {each.campaign_id: each for each in tx.cases.many({each.campaign_id for each in contacts})}
    ends = tx.phases.ends()
    orders: list[SalesOrder] = []
    moves: list[CandidateMove] = []
    leaving: dict[CandidateState, list[tuple[str, str]]] = {CandidateState.REFUSED: [], CandidateState.ACCEPTED: []}
    for contact in contacts:
        answer, case = latest[contact.contact_id], cases[contact.campaign_id]
        treatment = case.plan.by_treatment[contact.treatment]
        if answer.outcome == "accepted":
            orders.append(order_of(contact, answer.at))
        if contact.direction == "outbound":
            moves.append(_move(contact, treatment, answer, _end(case, contact, ends)))
        elif answer.outcome == "accepted":
            leaving[CandidateState.ACCEPTED].append((contact.customer_id, contact.campaign_id))
        if answer.outcome in LEAVES:
            leaving[CandidateState.REFUSED].append((contact.customer_id, contact.campaign_id))
    known = {each.contact_id for each in contacts}
    tx.contacts.set_answered(
        [
            (each.contact_id, each.outcome, each.detail, each.at)
            for name, each in sorted(latest.items())
            if name in known
        ]
    )
    tx.orders.add(orders)
    tx.candidates.advance(moves)
    for state, pairs in leaving.items():
        tx.candidates.leave(pairs, state)
    return contacts


def order_of(contact: Contact, at: datetime) -> SalesOrder:
    """Return the order an accepted contact leads to."""
    return SalesOrder(
        contact.contact_id,
        contact.customer_id,
        contact.campaign_id,
        contact.phase,
        contact.cell,
        contact.treatment,
        contact.offering_id,
        accepted_at=at,
        due_at=at,
    )


def fail(tx: Transaction, reasons: Mapping[str, str], at: datetime) -> None:
    """Note that contacts will not take place; their candidates try again a day later, while the phase lasts."""
    failed = [each for each in tx.contacts.set_failed(reasons) if each.direction == "outbound"]
    cases = {each.campaign_id: each for each in tx.cases.many({each.campaign_id for each in failed})}
    ends = tx.phases.ends()
    moves = []
    for contact in failed:
        ends_at = _end(cases[contact.campaign_id], contact, ends)
        due_at = at + RETRY_AFTER
        goes_on = contact.attempt < MOST_FAILURES and ends_at is not None and due_at < ends_at
        moves.append(
            CandidateMove(
                contact.customer_id,
                contact.campaign_id,
                contact.phase,
                contact.step,
                contact.attempt,
                CandidateState.READY if goes_on else CandidateState.DONE,
                contact.step,
                contact.attempt + 1 if goes_on else contact.attempt,
                contact.channel,
                due_at if goes_on else None,
            )
        )
    tx.candidates.advance(moves)


def take_silence_as_consent(store: Store, moment: datetime) -> int:
    """Accept for those who were told and did not object in time; returns how many."""
    accepted = 0
    while True:
        with store.write() as tx:
            silent = tx.candidates.silent_due(moment, PAGE)
            follow(tx, [Answer(contact_id_of(each), "accepted", "silence", each.due_at) for each in silent])
        accepted += len(silent)
        if len(silent) < PAGE:
            return accepted


def _end(case: Case, contact: Contact, ends: Mapping[tuple[str, str], datetime]) -> datetime | None:
    """Return until when the candidate's phase goes on; None when it is over or its campaign is."""
    goes_on = case.state in (CaseState.LIVE, CaseState.PAUSED)
    return ends.get((contact.campaign_id, contact.phase)) if goes_on else None


def _move(contact: Contact, treatment: Treatment, answer: Answer, ends_at: datetime | None) -> CandidateMove:
    then = following(treatment, contact.step, contact.attempt, answer.outcome, answer.at, ends_at)
    return CandidateMove(
        contact.customer_id,
        contact.campaign_id,
        contact.phase,
        contact.step,
        contact.attempt,
        then.state,
        then.step,
        then.attempt,
        then.channel,
        then.due_at,
    )
