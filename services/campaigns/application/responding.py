"""Use case: what a visitor said to an offer made face to face."""

from services.campaigns.application.following import Answer, follow
from services.campaigns.application.store_ports import Store, Transaction
from services.campaigns.domain.candidate import Contact, ContactState
from services.campaigns.domain.storable import is_storable
from shared.contracts.campaigns import ContactRecord, Response
from shared.contracts.channels import ContactsSent, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.wire import CHANNELS, OUTCOMES, Channel, Direction
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound

_MACHINE = frozenset({"delivered", "no_answer", "unreachable"})
"""What only a machine or a line can report: nobody says it face to face."""


class Responding:
    """Records responses; tells governance, so that the contact counts and a refusal is respected."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def respond(self, contact_id: str, response: Response) -> ContactRecord:
        """Record what the subscriber said; the same again changes nothing, and an acceptance is final.

        Raises NotFound for an unknown contact; NotAllowed for an outbound one (its channel records the outcome) and for
        another answer after an acceptance; InvalidRequest for an outcome that nobody can say.
        """
        if response.outcome in _MACHINE:
            message = f"{response.outcome!r} is not something a visitor says"
            raise InvalidRequest(message, details={"field": "response.outcome"})
        if not is_storable(response.detail):
            message = "detail holds NUL or half of a surrogate pair"
            raise InvalidRequest(message, details={"field": "response.detail"})
        if not is_storable(contact_id):
            raise _no_contact(contact_id)
        now = self._clock.now()
        with self._store.write() as tx:
            contact = _open_for_answer(tx.contacts.get(contact_id), contact_id, response)
            if contact.outcome != response.outcome:
                tx.contacts.set_sent({contact_id: contact.contacted_at or now})
                follow(tx, [Answer(contact_id, response.outcome, response.detail, now)])
                self._tell(tx, contact, response)
            kept = tx.contacts.get(contact_id)
        return _record(kept or contact)

    def _tell(self, tx: Transaction, contact: Contact, response: Response) -> None:
        now = self._clock.now()
        channel = _channel(contact)
        if contact.contacted_at is None:
            sent = SentContact(
                contact_id=contact.contact_id,
                customer_id=contact.customer_id,
                campaign_id=contact.campaign_id,
                channel=channel,
                at=now,
            )
            tx.events.tell("contacts_sent", ContactsSent(contacts=[sent]), at=now, key=contact.contact_id)
        outcome = RecordedOutcome(
            contact_id=contact.contact_id,
            customer_id=contact.customer_id,
            campaign_id=contact.campaign_id,
            offering_id=contact.offering_id,
            channel=channel,
            outcome=response.outcome,
            detail=response.detail,
            at=now,
        )
        key = f"{contact.contact_id}|{response.outcome}|{now.isoformat()}"
        tx.events.tell("outcomes_recorded", OutcomesRecorded(outcomes=[outcome]), at=now, key=key)


def _no_contact(contact_id: str) -> NotFound:
    details = {"kind": "contact", "id": contact_id, "field": "contact_id"}
    return NotFound(f"there is no contact {contact_id!r}", details=details)


def _open_for_answer(contact: Contact | None, contact_id: str, response: Response) -> Contact:
    if contact is None or contact.state is ContactState.SUPPRESSED:
        raise _no_contact(contact_id)
    if contact.direction != "inbound":
        message = "outcomes of outbound contacts are recorded with channels.record_outcome"
        raise NotAllowed(message, details={"field": "contact_id"})
    if contact.outcome == "accepted" and response.outcome != "accepted":
        raise NotAllowed("the subscriber has accepted already", details={"field": "response.outcome"})
    return contact


def _record(contact: Contact) -> ContactRecord:
    direction: Direction = "inbound"
    return ContactRecord(
        contact_id=contact.contact_id,
        customer_id=contact.customer_id,
        campaign_id=contact.campaign_id,
        phase=contact.phase,
        cell=contact.cell,
        offering_id=contact.offering_id,
        channel=_channel(contact),
        planned_at=contact.planned_at,
        state=contact.state,
        contacted_at=contact.contacted_at,
        outcome=next((each for each in OUTCOMES if each == contact.outcome), None),
        direction=direction,
    )


def _channel(contact: Contact) -> Channel:
    return next(each for each in CHANNELS if each == contact.channel)
