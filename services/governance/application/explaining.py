"""Receipts: why a contact was permitted or not, for the record and in sentences an agent can read out."""

from collections.abc import Sequence

from services.governance.application.facts import facts_of
from services.governance.application.kept import Evidence, Issued, Stamp
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Store, Unit
from services.governance.application.pseudonyms import issued_as_asked, kept_customer
from services.governance.application.translation import reasons_of, request_of, verdict_of
from services.governance.application.wording import told
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.lifecycle import TellableState, state_of
from shared.contracts.governance import Receipt, ReceiptCounter
from shared.contracts.wire import INTERACTIVE_LIMIT
from shared.kernel.clock import Clock
from shared.kernel.faults import NotFound


class Explaining:
    """Reads receipts: what was asked, the verdict with all it was judged by, and what came of it."""

    def __init__(self, store: Store, policies: PoliciesInForce, clock: Clock) -> None:
        """Prepare; `policies` say how far back outcomes matter."""
        self._store, self._policies, self._clock = store, policies, clock

    def explain(self, contact_id: str) -> Receipt:
        """Return the receipt of one contact; raises NotFound for one never asked for."""
        with self._store.read() as unit:
            one = issued_as_asked(unit, [contact_id]).get(contact_id)
            if one is None:
                details = {"kind": "contact", "id": contact_id, "field": "contact_id"}
                raise NotFound(f"no verdict on contact {contact_id!r}", details=details)
            asked = one.contact._replace(contact_id=contact_id)
            return self._receipts(unit, [one], [one._replace(contact=asked)])[0]

    def history(self, customer_id: str) -> list[Receipt]:
        """Return the subscriber's newest receipts, newest first; at most INTERACTIVE_LIMIT."""
        with self._store.read() as unit:
            return self.receipts(unit, customer_id, INTERACTIVE_LIMIT)

    def receipts(self, unit: Unit, customer_id: str, limit: int) -> list[Receipt]:
        """Return the subscriber's newest receipts, newest first."""
        issued = unit.ledger.of_customer(kept_customer(unit, customer_id), limit)
        mine = [one._replace(contact=one.contact._replace(customer_id=customer_id)) for one in issued]
        return self._receipts(unit, issued, mine)

    def _receipts(self, unit: Unit, issued: Sequence[Issued], told_as: Sequence[Issued]) -> list[Receipt]:
        """Return receipts of verdicts as they are kept, in the words and under the ids of `told_as`."""
        now = max(to_micros(self._clock.now()), unit.ledger.newest_decision())
        policies, _ = self._policies.current()
        stamps = unit.ledger.stamps([one.decision for one in issued])
        evidence = unit.evidence.of(issued, policies.outcome_reach, policies.outcomes)
        return [_receipt(one, stamps[one.decision], seen, now) for one, seen in zip(told_as, evidence, strict=True)]


def _receipt(issued: Issued, stamp: Stamp, seen: Evidence, now: int) -> Receipt:
    state: TellableState = "suppressed" if issued.entry is None else state_of(issued.entry, now)
    facts = facts_of(issued, seen, stamp.decided_at)
    counters = [
        ReceiptCounter(rule_id=counted.rule_id, limit=counted.limit, used=used, rule_version=counted.rule_version)
        for counted, used in zip(stamp.limits, issued.counters, strict=False)
        if used is not None
    ]
    words = told(issued, state, counters, facts, seen.withdrawn, stamp.rule_set)
    return Receipt(
        request=request_of(issued.contact),
        verdict=verdict_of(issued, stamp.rule_set),
        state=state,
        decided_at=from_micros(stamp.decided_at),
        rule_set=stamp.rule_set,
        counters=counters,
        explanation_zh=words.zh,
        explanation_en=words.en,
        facts=facts,
        withdrawn=reasons_of(seen.withdrawn),
    )
