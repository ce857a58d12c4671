"""Between the wire and the domain."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import NamedTuple

from services.governance.application.kept import Issued
from services.governance.domain.contacts import Contact
from services.governance.domain.decisions import Decision, Finding
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.refusals import MALFORMED_ID, NO_OFFSET, TEXTS
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import Reason

_LONGEST = 1_000  # characters of all texts of a request together
_LONGEST_LIST = 10_000  # characters of the campaigns it is like, together


class Batch(NamedTuple):
    """Requests as the domain knows them."""

    asked: list[Contact]
    """Each contact id once, as it was first asked for."""
    refused: dict[str, str]
    """Contact ids that nobody can judge, with the reason."""
    malformed: frozenset[int]
    """Places of requests that cannot even be stored."""


def read_batch(requests: Sequence[ContactRequest]) -> Batch:
    """Translate requests; the same contact id again is left out."""
    asked: dict[str, Contact] = {}
    refused: dict[str, str] = {}
    malformed: set[int] = set()
    for place, request in enumerate(requests):
        if not is_storable(request):
            malformed.add(place)
        elif request.contact_id not in asked:
            asked[request.contact_id] = contact_of(request)
            if request.planned_at.tzinfo is None:
                refused[request.contact_id] = NO_OFFSET
    return Batch(list(asked.values()), refused, frozenset(malformed))


def is_storable(request: ContactRequest) -> bool:
    """Tell whether the request's texts are ids: not empty where they name something, not endless, printable."""
    texts = (
        f"{request.contact_id}{request.customer_id}{request.channel}{request.campaign_id}"
        f"{request.offering_id}{request.category}{request.zone}"
    )
    return (
        bool(request.contact_id and request.customer_id)
        and len(texts) <= _LONGEST
        and texts.isprintable()
        and (not request.similar_to or _is_list_of_ids(request.similar_to))
    )


def _is_list_of_ids(names: Sequence[str]) -> bool:
    texts = "".join(names)
    return len(texts) <= _LONGEST_LIST and texts.isprintable()


def contact_of(request: ContactRequest) -> Contact:
    """Return the contact asked for; a planned time without offset is read as UTC, and refused elsewhere."""
    at = request.planned_at
    return Contact(
        request.contact_id,
        request.customer_id,
        request.channel,
        request.campaign_id,
        request.offering_id,
        request.category,
        request.purpose,
        request.direction,
        to_micros(at if at.tzinfo is not None else at.replace(tzinfo=UTC)),
        request.zone,
        request.priority,
        tuple(request.similar_to),
    )


def request_of(contact: Contact) -> ContactRequest:
    """Return the request as it was asked, its planned time in UTC."""
    fields = contact._asdict()
    return ContactRequest(planned_at=from_micros(fields.pop("at")), similar_to=list(fields.pop("similar_to")), **fields)


def verdict_of(decision: Decision | Issued, rule_set: str) -> Verdict:
    """Return the verdict for the caller, with the rule set it was first given under."""
    later, expiry = decision.next_allowed_at, decision.expires_at
    return Verdict(
        contact_id=decision.contact.contact_id,
        verdict="permit" if decision.is_permitted else "suppress",
        reasons=reasons_of((*decision.findings, *decision.lifted)),
        next_allowed_at=None if later is None else from_micros(later),
        expires_at=None if expiry is None else from_micros(expiry),
        rule_set=rule_set,
    )


def reasons_of(findings: Iterable[Finding]) -> list[Reason]:
    """Return the reasons, in order."""
    return [Reason(rule_id=one.rule_id, rule_version=one.rule_version, text=one.text) for one in findings]


def refused_verdict(contact_id: str, version: str, code: str = MALFORMED_ID) -> Verdict:
    """Return a suppression for one reason of our own that leaves no receipt."""
    text = f"{TEXTS[code].zh} / {TEXTS[code].en}"
    reasons = [Reason(rule_id=code, rule_version=version, text=text)]
    return Verdict(
        contact_id=contact_id,
        verdict="suppress",
        reasons=reasons,
        next_allowed_at=None,
        expires_at=None,
        rule_set=version,
    )
