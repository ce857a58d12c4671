"""How long what is kept: never so short that a policy would miss what it looks back on."""

from typing import NamedTuple

from services.governance.domain.instants import DAY
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms


class Retention(NamedTuple):
    """How long contacts, verdicts and what they were judged by are kept, and how long the audit; microseconds."""

    contacts: int
    audit: int


class Cutoff(NamedTuple):
    """What is older than these moments goes."""

    contacts: int
    audit: int


def shortest(policies: PolicySet, terms: Terms) -> int:
    """Return the shortest span to keep: what policies look back on from a reservation that is still open.

    Open reservations themselves are kept however long ago they were made, since rows go by the moments contacts are
    planned for. One more day covers clocks that differ.
    """
    open_for = max(terms.outbound_life, terms.inbound_life)
    return max(policies.reach, policies.outcome_reach) + open_for + terms.clock_tolerance + DAY


def cutoff(retention: Retention, policies: PolicySet, terms: Terms, now: int) -> Cutoff:
    """Return what is old enough to go; a setting shorter than `shortest` is raised to it."""
    contacts = max(retention.contacts, shortest(policies, terms))
    return Cutoff(now - contacts, now - max(retention.audit, contacts))
