"""Overrides: two persons may lift a list effect for one subscriber, where its rule says so."""

from collections.abc import Callable
from datetime import datetime

from services.governance.application.auditing import note_of
from services.governance.application.faults import check_scope, check_text, invalid
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.pseudonyms import kept_customer
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.overrides import LONGEST, OverrideEntry, is_same_person, lasts_too_long
from services.governance.domain.policy_set import PolicySet
from shared.contracts.governance import Override, OverrideProposal
from shared.contracts.wire import INTERACTIVE_LIMIT
from shared.kernel.clock import Clock
from shared.kernel.faults import NotAllowed, NotFound, Unavailable

_Change = Callable[[OverrideEntry, int], OverrideEntry]
_LONGEST_DAYS = from_micros(LONGEST) - from_micros(0)


class Overriding:
    """Keeps overrides; every change is idempotent, and audited in the same transaction."""

    def __init__(self, store: Store, policies: PoliciesInForce, clock: Clock) -> None:
        self._store, self._policies, self._clock = store, policies, clock

    def propose(self, proposal: OverrideProposal) -> Override:
        """Keep a proposal, which lifts nothing yet; the same one again is answered as it stands.

        Raises InvalidRequest naming the field that makes no sense, NotAllowed where the id is another proposal's, and
        Unavailable where no rules can be read.
        """
        _check(proposal)
        policies, fault = self._policies.current()
        now = to_micros(self._clock.now())
        with self._store.write(Need(policies, now, [proposal.customer_id])) as unit:
            now = max(now, unit.ledger.newest_decision())
            entry = _entry(proposal, now)._replace(customer_id=kept_customer(unit, proposal.customer_id))
            known = unit.overrides.find(proposal.override_id)
            if known is None:
                if fault is not None:
                    raise Unavailable("the contact policies cannot be read")
                _check_effect(entry, policies)
                self._keep(unit, entry, ("override_propose", entry.proposed_by, entry.reason), now)
            elif not known.is_same_proposal(entry):
                message = f"override_id: {entry.override_id!r} is another proposal's"
                raise NotAllowed(message, details={"field": "override_id", "id": entry.override_id})
        return told((known or entry)._replace(customer_id=proposal.customer_id), now)

    def approve(self, override_id: str, author: str) -> Override:
        """Put a proposal in force; the author is another person than its own. By the same person again: no change.

        Raises NotFound, InvalidRequest for no author, and NotAllowed where the proposal's own author asks, or it was
        approved by somebody else, withdrawn, or has ended.
        """
        check_text("author", author, is_required=True)

        def approved(entry: OverrideEntry, now: int) -> OverrideEntry:
            if is_same_person(author, entry.proposed_by):
                raise _refused(entry, now, "who proposed it cannot approve it", field="author")
            if entry.state(now) not in {"proposed", "in_force"}:
                raise _refused(entry, now, f"is {entry.state(now)}")
            if entry.approved_by is None:
                return entry._replace(approved_by=author, approved_at=now)
            if not is_same_person(author, entry.approved_by):
                raise _refused(entry, now, f"was approved by {entry.approved_by!r}")
            return entry

        return self._change(override_id, approved, ("override_approve", author, ""))

    def withdraw(self, override_id: str, author: str, reason: str) -> Override:
        """Take a proposal back, or an override out of force, at once; one withdrawn already stays as it is.

        Raises NotFound, InvalidRequest for no author or reason, and NotAllowed where it has ended.
        """
        check_text("author", author, is_required=True)
        check_text("reason", reason, is_required=True)

        def withdrawn(entry: OverrideEntry, now: int) -> OverrideEntry:
            if entry.withdrawn_at is not None:
                return entry
            if entry.state(now) == "ended":
                raise _refused(entry, now, "has ended")
            return entry._replace(withdrawn_by=author, withdrawn_at=now)

        return self._change(override_id, withdrawn, ("override_withdraw", author, reason))

    def of_customer(self, customer_id: str) -> list[Override]:
        """Return the subscriber's overrides, newest first; at most INTERACTIVE_LIMIT."""
        with self._store.read() as unit:
            entries = unit.overrides.of_customer(kept_customer(unit, customer_id), INTERACTIVE_LIMIT)
            now = max(to_micros(self._clock.now()), unit.ledger.newest_decision())
        return [told(entry._replace(customer_id=customer_id), now) for entry in entries]

    def _change(self, override_id: str, change: _Change, noted: tuple[str, str, str]) -> Override:
        with self._store.read() as unit:  # whose it is never changes, so this tells what to lock
            known = unit.overrides.find(override_id)
        policies, _ = self._policies.current()
        now = to_micros(self._clock.now())
        with self._store.write(Need(policies, now, [] if known is None else [known.customer_id])) as unit:
            now = max(now, unit.ledger.newest_decision())
            known = unit.overrides.find(override_id)
            if known is None:
                details = {"kind": "override", "id": override_id, "field": "override_id"}
                raise NotFound(f"no override {override_id!r}", details=details)
            entry = change(known, now)
            if entry != known:
                self._keep(unit, entry, noted, now)
        return told(entry, now)

    @staticmethod
    def _keep(unit: Unit, entry: OverrideEntry, noted: tuple[str, str, str], now: int) -> None:
        action, author, reason = noted
        unit.overrides.put(entry)
        unit.audit.note([note_of(entry.customer_id, now, author, action, entry.override_id, entry.rule_id, reason)])


def told(entry: OverrideEntry, now: int) -> Override:
    """Return the override for the caller, with its state at `now`."""
    fields = entry._asdict()
    for name in ("starts_at", "ends_at", "proposed_at", "approved_at", "withdrawn_at"):
        fields[name] = None if fields[name] is None else from_micros(fields[name])
    return Override(state=entry.state(now), **fields)


def _check(proposal: OverrideProposal) -> None:
    for name in ("override_id", "customer_id", "rule_id", "reason", "author"):
        check_text(f"proposal.{name}", getattr(proposal, name), is_required=True)
    check_scope("proposal", proposal.channel, proposal.category, proposal.starts_at, proposal.ends_at)


def _entry(proposal: OverrideProposal, now: int) -> OverrideEntry:
    def micros(moment: datetime | None) -> int | None:
        return None if moment is None else to_micros(moment)

    return OverrideEntry(
        override_id=proposal.override_id,
        customer_id=proposal.customer_id,
        rule_id=proposal.rule_id,
        reason=proposal.reason,
        channel=proposal.channel,
        category=proposal.category,
        starts_at=micros(proposal.starts_at),
        ends_at=to_micros(proposal.ends_at),
        proposed_by=proposal.author,
        proposed_at=now,
    )


def _check_effect(entry: OverrideEntry, policies: PolicySet) -> None:
    overridable = [check.policy.rule_id for check in policies.lists if check.policy.is_overridable]
    if entry.rule_id not in overridable:
        known = ", ".join(overridable) or "none does"
        message = f"{entry.rule_id!r} is no list effect that says `override: two_persons` ({known})"
        raise invalid("proposal.rule_id", message)
    if entry.ends_at <= entry.proposed_at:
        raise invalid("proposal.ends_at", "has passed")
    if lasts_too_long(entry):
        raise invalid("proposal.ends_at", f"more than {_LONGEST_DAYS.days} days after the start")


def _refused(entry: OverrideEntry, now: int, why: str, *, field: str = "override_id") -> NotAllowed:
    details = {"field": field, "kind": "override", "id": entry.override_id, "state": entry.state(now)}
    return NotAllowed(f"override {entry.override_id!r}: {why}", details=details)
