"""Events of other services, each applied once, each one transaction."""

from collections.abc import Callable

import msgspec

from services.campaigns.application.following import Answer, fail, follow
from services.campaigns.application.store_ports import Store, Transaction
from services.campaigns.domain.offering import Offering
from shared.contracts.catalogue import OfferingsChanged
from shared.contracts.channels import ContactsFailed, ContactsSent, OutcomesRecorded
from shared.contracts.customer_view import CustomersChanged, TriggersFired
from shared.contracts.governance import ListsChanged
from shared.kernel.clock import Clock


class Listening:
    """Applies events; an event that comes again changes nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def contacts_sent(self, event_id: str, event: ContactsSent) -> None:
        """Note when contacts took place."""
        at = {each.contact_id: each.at for each in event.contacts}
        self._once(event_id, lambda tx: tx.contacts.set_sent(at))

    def contacts_failed(self, event_id: str, event: ContactsFailed) -> None:
        """Note which contacts will not take place; their candidates may try again."""
        reasons = {each.contact_id: each.reason for each in event.contacts}
        if event.contacts:
            at = max(each.at for each in event.contacts)
            self._once(event_id, lambda tx: fail(tx, reasons, at))

    def outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what came of contacts, and carry out what follows."""
        answers = [Answer(each.contact_id, each.outcome, each.detail, each.at) for each in event.outcomes]
        self._once(event_id, lambda tx: follow(tx, answers))

    def customers_changed(self, event_id: str, event: CustomersChanged) -> None:
        """Keep snapshots of subscribers."""
        self._once(event_id, lambda tx: tx.replicas.put_customers(event.customers))

    def triggers_fired(self, event_id: str, event: TriggersFired) -> None:
        """Keep for whom triggers fired: phases by trigger take them in."""
        firings = [(each.trigger, each.customer_id) for each in event.firings]
        self._once(event_id, lambda tx: tx.firings.put(firings, event.fired_at))

    def offerings_changed(self, event_id: str, event: OfferingsChanged) -> None:
        """Keep the catalogue."""
        offerings = [msgspec.convert(msgspec.to_builtins(each), Offering) for each in event.offerings]
        self._once(event_id, lambda tx: tx.replicas.put_offerings(offerings))

    def lists_changed(self, event_id: str, event: ListsChanged) -> None:
        """Keep who is on a list."""
        self._once(event_id, lambda tx: tx.replicas.put_list(event.list_name, event.put, event.removed, event.at))

    def _once(self, event_id: str, apply: Callable[[Transaction], object]) -> None:
        with self._store.write() as tx:
            if tx.events.first_time(event_id, self._clock.now()):
                apply(tx)
