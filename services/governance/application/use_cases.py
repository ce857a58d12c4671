"""The verbs of governance, as its entrypoints call them."""

from collections.abc import Callable, Sequence

from services.governance.application.auditing import Auditing
from services.governance.application.explaining import Explaining
from services.governance.application.faults import check_size
from services.governance.application.listing import Listing
from services.governance.application.overriding import Overriding
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import RuleSource, Store
from services.governance.application.privacy import Privacy
from services.governance.application.rechecking import Rechecking
from services.governance.application.reserving import Reserving
from services.governance.application.retaining import Retaining
from services.governance.application.settling import Settling
from services.governance.domain.refusals import Terms
from shared.contracts.channels import ContactsFailed, ContactsSent, OutcomesRecorded
from shared.contracts.governance import (
    AuditNote,
    ContactRequest,
    ContactState,
    Erasure,
    ListEntry,
    ListPage,
    Override,
    OverrideProposal,
    Pruned,
    Receipt,
    SubscriberRecord,
    Verdict,
)
from shared.contracts.wire import BULK_LIMIT, ListName
from shared.kernel.clock import Clock


class UseCases:
    """Everything governance can be asked; safe to share between workers.

    `limit` is the most items one call may carry; more is the fault `batch_too_large`, and nothing is done.
    """

    def __init__(
        self,
        store: Store,
        rules: RuleSource,
        terms: Terms,
        clock: Clock,
        new_id: Callable[[], str],
        retaining: Callable[[PoliciesInForce], Retaining],
    ) -> None:
        policies = PoliciesInForce(rules)
        self._retaining = retaining(policies)
        self._reserving = Reserving(store, policies, terms, clock)
        self._settling = Settling(store, policies, terms, clock)
        self._rechecking = Rechecking(store, policies, terms, clock)
        self._listing = Listing(store, policies, clock, new_id)
        self._overriding = Overriding(store, policies, clock)
        self._auditing = Auditing(store)
        self._explaining = Explaining(store, policies, clock)
        self._privacy = Privacy(store, policies, self._explaining, clock)

    def reserve(self, requests: Sequence[ContactRequest], *, limit: int = BULK_LIMIT) -> list[Verdict]:
        """Return a verdict for each request, in their order; permits are reserved."""
        check_size("requests", requests, limit)
        return self._reserving.reserve(requests) if requests else []

    def check(self, requests: Sequence[ContactRequest], *, limit: int = BULK_LIMIT) -> list[Verdict]:
        """Return what `reserve` would say; nothing is stored."""
        check_size("requests", requests, limit)
        return self._reserving.check(requests) if requests else []

    def screen(self, requests: Sequence[ContactRequest], *, limit: int = BULK_LIMIT) -> list[Verdict]:
        """Return verdicts by list effects alone; nothing is stored."""
        check_size("requests", requests, limit)
        return self._reserving.screen(requests) if requests else []

    def confirm(self, contact_ids: Sequence[str], *, limit: int = BULK_LIMIT) -> list[ContactState]:
        """Note that contacts took place now."""
        check_size("contact_ids", contact_ids, limit)
        return self._settling.confirm(contact_ids) if contact_ids else []

    def release(self, contact_ids: Sequence[str], reason: str, *, limit: int = BULK_LIMIT) -> list[ContactState]:
        """Give the places of contacts back."""
        check_size("contact_ids", contact_ids, limit)
        return self._settling.release(contact_ids, reason) if contact_ids else []

    def recheck(self, contact_ids: Sequence[str], *, limit: int = BULK_LIMIT) -> list[Verdict]:
        """Return whether reservations may still be used, in their order; those that no longer hold are withdrawn."""
        check_size("contact_ids", contact_ids, limit)
        return self._rechecking.recheck(contact_ids) if contact_ids else []

    def explain(self, contact_id: str) -> Receipt:
        """Return the receipt of a contact; raises NotFound."""
        return self._explaining.explain(contact_id)

    def history(self, customer_id: str) -> list[Receipt]:
        """Return a subscriber's newest receipts, newest first."""
        return self._explaining.history(customer_id)

    def list_put(self, list_name: ListName, entries: Sequence[ListEntry], *, limit: int = BULK_LIMIT) -> int:
        """Put subscribers on a list; return how many entries were given."""
        check_size("entries", entries, limit)
        return self._listing.put(list_name, entries)

    def list_remove(
        self,
        list_name: ListName,
        customer_ids: Sequence[str],
        author: str = "",
        reason: str = "",
        *,
        limit: int = BULK_LIMIT,
    ) -> int:
        """Take subscribers off a list; return how many were on it."""
        check_size("customer_ids", customer_ids, limit)
        return self._listing.remove(list_name, customer_ids, author, reason)

    def list_read(self, list_name: ListName, after: str, limit: int, customer_id: str | None = None) -> ListPage:
        """Return a page of a list, or of one subscriber's entries on it."""
        return self._listing.read(list_name, after, limit, customer_id)

    def override_propose(self, proposal: OverrideProposal) -> Override:
        """Keep a proposal, which lifts nothing yet."""
        return self._overriding.propose(proposal)

    def override_approve(self, override_id: str, author: str) -> Override:
        """Put another person's proposal in force."""
        return self._overriding.approve(override_id, author)

    def override_withdraw(self, override_id: str, author: str, reason: str) -> Override:
        """Take a proposal back, or an override out of force."""
        return self._overriding.withdraw(override_id, author, reason)

    def overrides(self, customer_id: str) -> list[Override]:
        """Return a subscriber's overrides, newest first."""
        return self._overriding.of_customer(customer_id)

    def audit(self, customer_id: str) -> list[AuditNote]:
        """Return who did what about a subscriber, newest first."""
        return self._auditing.of_customer(customer_id)

    def subscriber_export(self, customer_id: str, author: str) -> SubscriberRecord:
        """Return everything held about a subscriber."""
        return self._privacy.export(customer_id, author)

    def subscriber_erase(self, customer_id: str, author: str, reason: str) -> Erasure:
        """Keep a subscriber's rows under a pseudonym from now on."""
        return self._privacy.erase(customer_id, author, reason)

    def prune(self) -> Pruned:
        """Delete a part of what is old enough to go."""
        return self._retaining.prune()

    def prune_by_the_clock(self) -> None:
        """Delete what is old enough to go, where this process has timers."""
        self._retaining.by_the_clock()

    def contacts_sent(self, event_id: str, event: ContactsSent) -> None:
        """Apply the event of that id, once."""
        self._settling.contacts_sent(event_id, event)

    def contacts_failed(self, event_id: str, event: ContactsFailed) -> None:
        """Apply the event of that id, once."""
        self._settling.contacts_failed(event_id, event)

    def outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Apply the event of that id, once."""
        self._listing.outcomes_recorded(event_id, event)
