"""Between the ids callers use and those under which the rows of erased subscribers are kept.

Where nobody concerned was erased, everything here returns what it was given. Callers are answered with their own ids.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from services.governance.application.kept import Issued
from services.governance.application.ports import Unit
from services.governance.application.translation import is_storable
from shared.contracts.channels import RecordedOutcome
from shared.contracts.governance import ContactRequest, ListEntry, Verdict


def kept_requests(unit: Unit, requests: Sequence[ContactRequest]) -> Sequence[ContactRequest]:
    """Return the requests as the ledger keeps them; the same object where none concerns an erased subscriber."""
    names = unit.pseudonyms.of(request.customer_id for request in requests)
    if not names:
        return requests
    of_contact = unit.pseudonyms.of_contact
    return [
        replace(request, customer_id=names[request.customer_id], contact_id=of_contact(request.contact_id))
        if request.customer_id in names and is_storable(request)
        else request
        for request in requests
    ]


def as_asked(requests: Sequence[ContactRequest], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts, one for each request, under the contact ids that the requests name."""
    return [
        verdict if verdict.contact_id == request.contact_id else replace(verdict, contact_id=request.contact_id)
        for request, verdict in zip(requests, verdicts, strict=True)
    ]


def issued_as_asked(unit: Unit, contact_ids: Sequence[str]) -> dict[str, Issued]:
    """Return the first verdicts by the ids asked with, those of erased subscribers included."""
    found = dict(unit.ledger.issued(contact_ids))
    absent = [contact_id for contact_id in contact_ids if contact_id not in found]
    if absent and unit.pseudonyms.is_needed:
        names = {unit.pseudonyms.of_contact(contact_id): contact_id for contact_id in absent}
        found |= {names[name]: one for name, one in unit.ledger.issued(list(names)).items()}
    return found


def kept_customer(unit: Unit, customer_id: str) -> str:
    """Return the id under which a subscriber's rows are kept."""
    return unit.pseudonyms.of([customer_id]).get(customer_id, customer_id)


def kept_entries(unit: Unit, entries: Sequence[ListEntry]) -> Sequence[ListEntry]:
    """Return the list entries as they are kept."""
    names = unit.pseudonyms.of(entry.customer_id for entry in entries)
    if not names:
        return entries
    return [replace(entry, customer_id=names.get(entry.customer_id, entry.customer_id)) for entry in entries]


def kept_outcomes(unit: Unit, outcomes: Sequence[RecordedOutcome]) -> Sequence[RecordedOutcome]:
    """Return the outcomes as they are kept."""
    names = unit.pseudonyms.of(one.customer_id for one in outcomes)
    if not names:
        return outcomes
    of_contact = unit.pseudonyms.of_contact
    return [
        replace(one, customer_id=names[one.customer_id], contact_id=of_contact(one.contact_id))
        if one.customer_id in names
        else one
        for one in outcomes
    ]
