"""Ask governance for the day's contacts by rank, in batches; keep permits and suppressions with their reasons."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.campaigns.application.allotting import allot
from services.campaigns.application.lines import Line, Lines, Proposal
from services.campaigns.application.ports import Background, Governance
from services.campaigns.application.setting import Setting
from services.campaigns.application.step_book import StepBook
from services.campaigns.application.store_ports import Store, Transaction
from services.campaigns.application.verdicts import cause_of, judged_by
from services.campaigns.domain.candidate import Cause, Contact, ContactState, ReadyCandidate
from shared.contracts.governance import Verdict

BATCH = 2_000
"""Contacts asked for in one call."""

MOST_ATTEMPTS = 10
"""After so many suppressed attempts at one step the candidate is given up."""


@dataclass(slots=True)
class _Outcome:
    contacts: list[Contact]
    permitted: list[ReadyCandidate]
    postponed: list[tuple[ReadyCandidate, datetime]]
    given_up: list[tuple[ReadyCandidate, tuple[Cause, ...]]]


class Planning:
    """Turns ready candidates into contacts; a batch and its progress are one transaction."""

    def __init__(
        self,
        store: Store,
        governance: Governance,
        setting: Setting,
        steps: StepBook,
        hold: Callable[[], None],
        background: Background,
    ) -> None:
        """`hold` extends the run's lease before anything is written, or raises."""
        self._hold = hold
        self._background = background
        self._store = store
        self._governance = governance
        self._setting = setting
        self._steps = steps

    def plan_day(self, batch: int = BATCH) -> Iterator[list[Contact]]:
        """Ask for the day's contacts of all live campaigns together; yields the contacts of each batch."""
        with self._store.write() as tx:
            allotments = allot(tx, self._setting)
            self._ends = tx.phases.ends()
            _, spent = tx.allotments.used(sorted(self._setting.plans))
        lines = Lines(self._store, self._setting, self._steps, self._ends, batch)
        queue = lines.open(allotments, spent)
        before: tuple[list[Proposal], list[Verdict]] | None = None
        while proposals := lines.next_batch(queue, batch):
            requests = [
                each.step.request(each.contact_id, each.candidate, each.planned_at, float(-place))
                for place, each in enumerate(proposals)
            ]
            # While governance decides on one batch, the one before it is written. After a crash in between both are
            # asked for again, in the same order, and governance gives the same verdicts.
            decided = self._background.start(partial(judged_by, self._governance.reserve, requests))
            if before:
                yield self._keep(*before)
            verdicts = decided()
            for proposal, verdict in zip(proposals, verdicts, strict=True):
                lines.account(proposal, is_permitted=verdict.verdict == "permit")
            before = proposals, verdicts
        if before:
            yield self._keep(*before)

    def _keep(self, proposals: Sequence[Proposal], verdicts: Sequence[Verdict]) -> list[Contact]:
        outcome = _Outcome([], [], [], [])
        for proposal, verdict in zip(proposals, verdicts, strict=True):
            self._sort(proposal, verdict, outcome)
        scripts = {each.step.script_id: each.step.words for each in proposals}
        moment = self._setting.moment
        self._hold()
        with self._store.write() as tx:
            tx.contacts.keep_scripts(scripts)
            tx.contacts.add_new(outcome.contacts)
            tx.candidates.set_waiting(outcome.permitted, moment)
            tx.candidates.postpone(outcome.postponed, moment)
            tx.candidates.give_up(outcome.given_up, moment)
            _save(tx, proposals)
        return outcome.contacts

    def _sort(self, proposal: Proposal, verdict: Verdict, outcome: _Outcome) -> None:
        candidate = proposal.candidate
        causes = tuple(map(cause_of, verdict.reasons))
        is_permitted = verdict.verdict == "permit"
        outcome.contacts.append(self._contact(proposal, verdict, causes))
        if is_permitted:
            outcome.permitted.append(candidate)
            return
        next_at = verdict.next_allowed_at
        ends_at = self._ends[candidate.campaign_id, candidate.phase]
        if next_at is None or next_at >= ends_at or candidate.attempt >= MOST_ATTEMPTS:
            outcome.given_up.append((candidate, causes))
        else:
            outcome.postponed.append((candidate, next_at))

    def _contact(self, proposal: Proposal, verdict: Verdict, causes: tuple[Cause, ...]) -> Contact:
        candidate, step = proposal.candidate, proposal.step
        is_permitted = verdict.verdict == "permit"
        return Contact(
            contact_id=proposal.contact_id,
            customer_id=candidate.customer_id,
            campaign_id=candidate.campaign_id,
            phase=candidate.phase,
            cell=candidate.cell,
            treatment=candidate.treatment,
            offering_id=step.offering.offering_id,
            step=candidate.step,
            attempt=candidate.attempt,
            channel=step.channel,
            direction="outbound",
            state=ContactState.RESERVED if is_permitted else ContactState.SUPPRESSED,
            script_id=step.script_id,
            cost_fen=step.step.cost_fen,
            city=candidate.city,
            decided_at=self._setting.moment,
            planned_at=proposal.planned_at,
            expires_at=verdict.expires_at,
            reasons=causes,
        )


def _save(tx: Transaction, proposals: Sequence[Proposal]) -> None:
    lines: dict[int, Line] = {id(each.line): each.line for each in proposals}
    tx.allotments.save(
        [
            replace(each.allotment, tried=each.tried, permitted=each.permitted, spent_fen=each.spent_fen)
            for each in lines.values()
        ]
    )
