"""Judge reservations again before they are used, so that what arrived since (an opt-out, a policy edit) wins.

Most reservations still hold by construction, and one statement without locks says so of thousands. A verdict was judged
by everything known of the subscriber before its batch, under the subscriber's lane lock; so a reservation that is live
and was decided under the rule set in force can only have been overtaken by something noted *after* its batch:

- a list entry put, an outcome recorded or an override changed when that batch or a later one was the newest (writers of
  these hold the same lane lock, so the numbers tell the order exactly);
- a contact that no verdict made room for: made without a place, made at another moment than planned, or permitted
  under another rule set that was in force meanwhile;
- the operator's counters: contacts without a place count there too, so the counter itself must be within its limit;
- time: whoever is contacted later than planned must not fall into quiet hours, or under a list entry or a policy that
  began meanwhile. (What had begun before only ends.)

Contacts permitted later under the same rules were judged with this one counted, and took no room from it. Permits that
an override made possible are always judged anew. Erasure renames all rows of a subscriber at once, under the same lane,
and changes no number. Only those that something came after take locks and are judged (`domain.rejudgement`). A change
that commits while `recheck` runs may count as before or after; one that committed before it began always counts.

Where nobody can judge (rules unreadable, clock behind, unknown zone or channel) the verdict is suppress, and the
reservation keeps its place: it may hold once somebody can judge again. So does one that is late and meets quiet hours
which end within its life. Any other no of a policy's own withdraws.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from services.governance.application.circumstances import buckets_of, circumstances
from services.governance.application.kept import Outstanding
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.translation import reasons_of, refused_verdict, verdict_of
from services.governance.domain.checks import FOREVER
from services.governance.domain.contacts import Contact
from services.governance.domain.decisions import Decision
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.lifecycle import is_live, release
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import (
    CLOCK_BEHIND,
    NEVER_RESERVED,
    RESERVATION_LAPSED,
    RESERVATION_RELEASED,
    Terms,
    refusal,
)
from services.governance.domain.rejudgement import is_calm, rejudge
from shared.contracts.governance import Verdict
from shared.kernel.clock import Clock

WITHDRAWN = "recheck"
"""The note of a reservation that `recheck` took back."""


class Rechecking:
    """Says of reservations whether they may still be used."""

    def __init__(self, store: Store, policies: PoliciesInForce, terms: Terms, clock: Clock) -> None:
        self._store, self._policies, self._terms, self._clock = store, policies, terms, clock

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        """Return for each contact its first permit, or why it must not be made; what no longer holds is withdrawn.

        Raises Unavailable when the ledger does not answer: then nobody knows, and nothing may be sent.
        """
        policies, fault = self._policies.current()
        wanted = list(dict.fromkeys(contact_ids))
        with self._store.read() as unit:
            now, fault = self._moment(unit, fault)
            found = unit.reservations.read(wanted, policies, now)
            kept = _kept_names(unit, [contact_id for contact_id in wanted if contact_id not in found])
            found = {**found, **(unit.reservations.read(list(kept.values()), policies, now) if kept else {})}
            doubtful = [] if fault else self._doubtful(unit, found, policies, now)
        answers = {contact_id: _answer(one, policies, fault, now) for contact_id, one in found.items()}
        if doubtful:
            answers |= self._judged(doubtful, policies)
        answers |= {asked: replace(answers[name], contact_id=asked) for asked, name in kept.items() if name in answers}
        return [
            answers.get(contact_id) or refused_verdict(contact_id, policies.version, NEVER_RESERVED)
            for contact_id in contact_ids
        ]

    def _moment(self, unit: Unit, fault: str | None) -> tuple[int, str | None]:
        clock, newest = to_micros(self._clock.now()), unit.ledger.newest_decision()
        if clock < newest - self._terms.clock_tolerance:
            fault = fault or CLOCK_BEHIND
        return max(clock, newest), fault

    def _doubtful(self, unit: Unit, found: Mapping[str, Outstanding], policies: PolicySet, now: int) -> list[Contact]:
        """Return the reservations that do not hold by construction."""
        reserved = {contact_id: one for contact_id, one in found.items() if _is_outstanding(one, now)}
        sound = {
            contact_id: frozenset(buckets_of([one.entry.contact], policies, self._terms, now))
            for contact_id, one in reserved.items()
            if one.is_untouched and self._is_sound(one.entry.contact, policies, now)
        }
        buckets = frozenset().union(*sound.values())
        holding = unit.capacity.holding(policies, buckets) if buckets else frozenset()
        return [
            one.entry.contact
            for contact_id, one in reserved.items()
            if contact_id not in sound or not sound[contact_id] <= holding
        ]

    def _is_sound(self, asked: Contact, policies: PolicySet, now: int) -> bool:
        return refusal(asked, policies, self._terms, now) is None and is_calm(asked, policies, now)

    def _judged(self, doubtful: Sequence[Contact], policies: PolicySet) -> dict[str, Verdict]:
        """Judge under locks; whose contacts they are never changes, so the first reading tells what to lock.

        A subscriber may have been erased since that reading; a pseudonym has the same lane.
        """
        now = to_micros(self._clock.now())
        customers = sorted({one.customer_id for one in doubtful})
        buckets = frozenset(buckets_of(doubtful, policies, self._terms, now))
        with self._store.write(Need(policies, now, customers, buckets)) as unit:
            now, fault = self._moment(unit, None)
            found = unit.reservations.read([one.contact_id for one in doubtful], policies, now)
            kept = _kept_names(unit, [one.contact_id for one in doubtful if one.contact_id not in found])
            found = {**found, **(unit.reservations.read(list(kept.values()), policies, now) if kept else {})}
            answers = {contact_id: _answer(one, policies, fault, now) for contact_id, one in found.items()}
            reserved = {contact_id: one for contact_id, one in found.items() if _is_outstanding(one, now)}
            if reserved and fault is None:
                answers |= self._rejudged(unit, reserved, policies, now)
        named = {asked: replace(answers[name], contact_id=asked) for asked, name in kept.items() if name in answers}
        return answers | named

    def _rejudged(
        self, unit: Unit, reserved: Mapping[str, Outstanding], policies: PolicySet, now: int
    ) -> dict[str, Verdict]:
        asked = [one.entry.contact for one in reserved.values()]
        seen = circumstances(unit, asked, policies, self._terms, now, counting=False)
        made = rejudge(asked, seen.situations, policies, seen.capacity, self._terms, now)
        gone = {one.contact.contact_id: one for one in made.withdrawn}
        unit.ledger.put([release(reserved[contact_id].entry, WITHDRAWN) for contact_id in gone])
        unit.reservations.note_withdrawn({contact_id: one.findings for contact_id, one in gone.items()})
        freed = buckets_of([one.contact for one in made.withdrawn], policies, self._terms, now)
        unit.capacity.save({**dict.fromkeys(freed, 0), **made.capacity}, dict.fromkeys(freed, FOREVER))
        refused: list[Decision] = [*made.withdrawn, *made.undecided]
        return {one.contact.contact_id: verdict_of(one, policies.version) for one in refused}


def _kept_names(unit: Unit, unknown: Sequence[str]) -> dict[str, str]:
    """Return what contacts nobody knows are called if their subscribers were erased."""
    if not unknown or not unit.pseudonyms.is_needed:
        return {}
    return {contact_id: unit.pseudonyms.of_contact(contact_id) for contact_id in unknown}


def _is_outstanding(one: Outstanding, now: int) -> bool:
    return one.entry.state == "reserved" and is_live(one.entry, now)


def _answer(one: Outstanding, policies: PolicySet, fault: str | None, now: int) -> Verdict:
    """Return the verdict on a contact as it stands, were its reservation to hold."""
    contact_id, state = one.entry.contact.contact_id, one.entry.state
    if state == "released":
        told = refused_verdict(contact_id, policies.version, RESERVATION_RELEASED)
        return _with_reasons(told, one) if one.withdrawn else told
    if state == "reserved" and not is_live(one.entry, now):
        return refused_verdict(contact_id, policies.version, RESERVATION_LAPSED)
    if state == "reserved" and fault is not None:
        return refused_verdict(contact_id, policies.version, fault)
    return Verdict(
        contact_id=contact_id,
        verdict="permit",
        reasons=reasons_of(one.lifted),
        next_allowed_at=None,
        expires_at=from_micros(one.entry.expires_at),
        rule_set=one.rule_set,
    )


def _with_reasons(told: Verdict, one: Outstanding) -> Verdict:
    """Say again why a reservation was withdrawn: whoever asks twice may have missed the first answer."""
    later = one.withdrawn[0].next_allowed_at
    return Verdict(
        contact_id=told.contact_id,
        verdict="suppress",
        reasons=reasons_of(one.withdrawn),
        next_allowed_at=None if later is None else from_micros(later),
        expires_at=None,
        rule_set=told.rule_set,
    )
