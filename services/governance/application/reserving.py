"""Ask for the right to make contacts: reserve, check, screen."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.governance.application.circumstances import (
    NOTHING_SEEN,
    Circumstances,
    buckets_of,
    circumstances,
    overrides_of,
)
from services.governance.application.faults import clock_behind
from services.governance.application.kept import Issued
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.pseudonyms import as_asked, kept_requests
from services.governance.application.translation import Batch, read_batch, refused_verdict, verdict_of
from services.governance.domain.checks import FOREVER, Bucket
from services.governance.domain.contacts import Situation
from services.governance.domain.decisions import Decision, Judgement
from services.governance.domain.instants import to_micros
from services.governance.domain.judgement import judge, refuse, screen
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import CLOCK_BEHIND, ID_REUSED, Terms
from shared.contracts.governance import ContactRequest, Verdict
from shared.kernel.clock import Clock


class Known(NamedTuple):
    """Contacts that were judged before: their first verdicts, and the rule sets those were given under."""

    issued: Mapping[str, Issued]
    rule_sets: Mapping[str, str]


class Reserving:
    """Judges batches of requests against the ledger."""

    def __init__(self, store: Store, policies: PoliciesInForce, terms: Terms, clock: Clock) -> None:
        self._store, self._policies, self._terms, self._clock = store, policies, terms, clock

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Return a verdict for each request, in their order; permits are reservations until `expires_at`.

        A contact id already judged gets its first verdict again. Raises Unavailable when the ledger does not answer,
        and where this process cannot judge (rules unreadable, clock behind): a first verdict stays for good, and
        another process may know better. Then nothing is stored, and the same call may be made again.
        """
        batch = read_batch(requests)
        policies = self._policies.readable()
        now = to_micros(self._clock.now())
        customers = sorted({asked.customer_id for asked in batch.asked})
        buckets = frozenset(buckets_of(batch.asked, policies, self._terms, now))
        with self._store.write(Need(policies, now, customers, buckets)) as unit:
            kept, batch = _kept(unit, requests, batch)
            known = _known(unit, batch)
            now, behind = self._now(unit)
            if behind > self._terms.clock_tolerance and len(known.issued) < len(batch.asked):
                raise clock_behind(behind)
            judgement, seen = self._judge(unit, batch, known.issued, policies, now)
            unit.ledger.record(judgement.decisions, policies, now, seen.marks, seen.overrides)
            unit.capacity.save(judgement.capacity, self._lapsing(judgement.decisions, policies))
        return as_asked(requests, _verdicts(kept, batch, known, judgement.decisions, policies))

    def check(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Return the verdicts that `reserve` would give; nothing is stored.

        Where `reserve` would give none, since this process cannot judge, they are suppressions that say so.
        """
        batch = read_batch(requests)
        policies, fault = self._policies.current()
        with self._store.read() as unit:
            kept, batch = _kept(unit, requests, batch)
            known = _known(unit, batch)
            now, behind = self._now(unit)
            if behind > self._terms.clock_tolerance:
                fault = fault or CLOCK_BEHIND
            judgement, _ = self._judge(unit, batch, known.issued, policies, now, fault)
        return as_asked(requests, _verdicts(kept, batch, known, judgement.decisions, policies))

    def screen(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Return verdicts by list effects alone; nothing is stored, and earlier verdicts are left aside.

        Raises Unavailable when the ledger does not answer, and where the rules cannot be read: callers keep the answer.
        """
        batch = read_batch(requests)
        policies = self._policies.readable()
        now = to_micros(self._clock.now())
        with self._store.read() as unit:
            kept, batch = _kept(unit, requests, batch)
            marks = unit.lists.marks(sorted({asked.customer_id for asked in batch.asked}))
            overrides = overrides_of(unit, marks, policies, min([now, *(asked.at for asked in batch.asked)]))
        situations = {
            customer: Situation(lists=mine, overrides=overrides.get(customer, ())) for customer, mine in marks.items()
        }
        judgement = screen(batch.asked, situations, policies, self._terms, now)
        decisions = _with_refusals(judgement.decisions, batch, policies)
        return as_asked(requests, _verdicts(kept, batch, Known({}, {}), decisions, policies))

    def _now(self, unit: Unit) -> tuple[int, int]:
        """Return what time it is, and how far behind it this process's clock is."""
        clock = to_micros(self._clock.now())
        now = max(clock, unit.ledger.newest_decision())  # a reservation that one process saw lapse has lapsed for all
        return now, now - clock

    def _judge(
        self,
        unit: Unit,
        batch: Batch,
        known: Mapping[str, Issued],
        policies: PolicySet,
        now: int,
        fault: str | None = None,
    ) -> tuple[Judgement, Circumstances]:
        fresh = [asked for asked in batch.asked if asked.contact_id not in known]
        if fault is not None:
            return refuse(fresh, policies, fault), NOTHING_SEEN
        readable = [asked for asked in fresh if asked.contact_id not in batch.refused]
        seen = circumstances(unit, readable, policies, self._terms, now)
        judgement = judge(readable, seen.situations, policies, seen.capacity, self._terms, now, seen.counted)
        refused = [asked for asked in fresh if asked.contact_id in batch.refused]
        for asked in refused:
            judgement.decisions.extend(refuse([asked], policies, batch.refused[asked.contact_id]).decisions)
        return judgement, seen

    @staticmethod
    def _lapsing(decisions: Sequence[Decision], policies: PolicySet) -> dict[Bucket, int]:
        lapsing: dict[Bucket, int] = {}
        for made in decisions if policies.capacity else ():
            if made.expires_at is not None:
                for _, check in policies.plan(made.contact).capacity:
                    bucket = check.bucket(made.contact.at)
                    lapsing[bucket] = min(lapsing.get(bucket, FOREVER), made.expires_at)
        return lapsing


def _kept(unit: Unit, requests: Sequence[ContactRequest], batch: Batch) -> tuple[Sequence[ContactRequest], Batch]:
    """Return requests and batch under the ids that the ledger keeps them by."""
    kept = kept_requests(unit, requests)
    return kept, batch if kept is requests else read_batch(kept)


def _with_refusals(decisions: list[Decision], batch: Batch, policies: PolicySet) -> list[Decision]:
    return [
        refuse([made.contact], policies, batch.refused[made.contact.contact_id]).decisions[0]
        if made.contact.contact_id in batch.refused
        else made
        for made in decisions
    ]


def _known(unit: Unit, batch: Batch) -> Known:
    issued = unit.ledger.issued([asked.contact_id for asked in batch.asked])
    stamps = unit.ledger.stamps([one.decision for one in issued.values()]) if issued else {}
    return Known(issued, {contact_id: stamps[one.decision].rule_set for contact_id, one in issued.items()})


def _verdicts(
    requests: Sequence[ContactRequest],
    batch: Batch,
    known: Known,
    decisions: Sequence[Decision],
    policies: PolicySet,
) -> list[Verdict]:
    answers: dict[str, Decision | Issued] = {made.contact.contact_id: made for made in decisions}
    answers.update(known.issued)
    verdicts = {
        contact_id: verdict_of(answer, known.rule_sets.get(contact_id, policies.version))
        for contact_id, answer in answers.items()
    }
    told = []
    for place, request in enumerate(requests):
        if place in batch.malformed:
            told.append(refused_verdict(request.contact_id, policies.version))
        elif answers[request.contact_id].contact.customer_id != request.customer_id:
            told.append(refused_verdict(request.contact_id, policies.version, ID_REUSED))
        else:
            told.append(verdicts[request.contact_id])
    return told
