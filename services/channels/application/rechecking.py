"""Ask governance again before contacts are made: an opt-out or a rule edit that came after the reservation wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.channels.application.ports import Governance
from shared.contracts.governance import UNDECIDED, Verdict
from shared.kernel.faults import Fault, Unavailable

_ABOUT_THE_QUESTION = frozenset({"invalid_request", "message_too_large", "batch_too_large"})
"""Codes that say that governance cannot take what it was asked, and would not tomorrow."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What governance says of contacts: go ahead; not any more, and why; or nobody can judge it now."""

    permitted: frozenset[str] = frozenset()
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    """The reason by contact id."""
    undecided: frozenset[str] = frozenset()


def recheck(governance: Governance, contact_ids: Sequence[str]) -> Rechecked:
    """Ask about all of them at once; raises Unavailable where governance gives no answer that can be relied on.

    Where it cannot take the question it is asked in halves, so that one contact it will not be asked about, which stays
    undecided, holds up no other.
    """
    if not contact_ids:
        return Rechecked()
    try:
        verdicts = governance.recheck(contact_ids)
    except Fault as fault:
        if fault.code in _ABOUT_THE_QUESTION:
            return _in_halves(governance, contact_ids)
        message = "governance did not say whether the contacts may still be made: none is made"
        raise Unavailable(message, details={"cause": fault.code}) from fault
    if [each.contact_id for each in verdicts] != list(contact_ids):
        raise Unavailable("governance answered for other contacts than were asked about: none is made")
    permitted = frozenset(each.contact_id for each in verdicts if each.verdict == "permit")
    undecided = frozenset(each.contact_id for each in verdicts if _is_undecided(each))
    rest = [each for each in verdicts if each.contact_id not in permitted and each.contact_id not in undecided]
    return Rechecked(permitted, {each.contact_id: _reason(each) for each in rest}, undecided)


def _in_halves(governance: Governance, contact_ids: Sequence[str]) -> Rechecked:
    if len(contact_ids) == 1:
        return Rechecked(undecided=frozenset(contact_ids))
    middle = len(contact_ids) // 2
    one, other = recheck(governance, contact_ids[:middle]), recheck(governance, contact_ids[middle:])
    withdrawn = {**one.withdrawn, **other.withdrawn}
    return Rechecked(one.permitted | other.permitted, withdrawn, one.undecided | other.undecided)


def _is_undecided(verdict: Verdict) -> bool:
    return verdict.verdict == "suppress" and bool(verdict.reasons) and verdict.reasons[0].rule_id in UNDECIDED


def _reason(verdict: Verdict) -> str:
    return f"withdrawn: {verdict.reasons[0].text}" if verdict.reasons else "withdrawn"
