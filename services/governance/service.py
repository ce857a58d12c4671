"""The nameko classes `governance` (advice while the customer is there) and `governance_bulk` (runs, events)."""

from services.governance.adapters.verdict_figures import count_verdicts
from services.governance.application.use_cases import UseCases
from services.governance.dependencies import Dependencies
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
from shared.contracts.wire import INTERACTIVE_LIMIT, ListName
from shared.messaging.entrypoints import Pingable, event, every, rpc

PRUNE_SECONDS = 60.0


class Governance(Pingable):
    """Few items a call, quickly answered."""

    name = "governance"
    use: UseCases = Dependencies()

    @rpc
    def reserve(self, requests: list[ContactRequest]) -> list[Verdict]:
        """Return a verdict for each request; permits are reserved."""
        return count_verdicts(requests, self.use.reserve(requests, limit=INTERACTIVE_LIMIT))

    @rpc
    def check(self, requests: list[ContactRequest]) -> list[Verdict]:
        """Return what `reserve` would say."""
        return self.use.check(requests, limit=INTERACTIVE_LIMIT)

    @rpc
    def confirm(self, contact_ids: list[str]) -> list[ContactState]:
        """Note that contacts took place now."""
        return self.use.confirm(contact_ids, limit=INTERACTIVE_LIMIT)

    @rpc
    def release(self, contact_ids: list[str], reason: str) -> list[ContactState]:
        """Give places back."""
        return self.use.release(contact_ids, reason, limit=INTERACTIVE_LIMIT)

    @rpc
    def recheck(self, contact_ids: list[str]) -> list[Verdict]:
        """Return whether reservations may still be used."""
        return self.use.recheck(contact_ids, limit=INTERACTIVE_LIMIT)

    @rpc
    def explain(self, contact_id: str) -> Receipt:
        """Return a contact's receipt."""
        return self.use.explain(contact_id)

    @rpc
    def history(self, customer_id: str) -> list[Receipt]:
        """Return a subscriber's newest receipts."""
        return self.use.history(customer_id)

    @rpc
    def list_put(self, list: ListName, entries: list[ListEntry]) -> int:  # noqa: A002 - the contract's name
        """Put subscribers on a list."""
        return self.use.list_put(list, entries, limit=INTERACTIVE_LIMIT)

    @rpc
    def list_remove(
        self,
        list: ListName,  # noqa: A002 - the contract's name
        customer_ids: list[str],
        author: str = "",
        reason: str = "",
    ) -> int:
        """Take subscribers off a list."""
        return self.use.list_remove(list, customer_ids, author, reason, limit=INTERACTIVE_LIMIT)

    @rpc
    def override_propose(self, proposal: OverrideProposal) -> Override:
        """Ask that a list effect be lifted for one subscriber."""
        return self.use.override_propose(proposal)

    @rpc
    def override_approve(self, override_id: str, author: str) -> Override:
        """Put another person's proposal in force."""
        return self.use.override_approve(override_id, author)

    @rpc
    def override_withdraw(self, override_id: str, author: str, reason: str) -> Override:
        """Take a proposal back, or an override out of force."""
        return self.use.override_withdraw(override_id, author, reason)

    @rpc
    def overrides(self, customer_id: str) -> list[Override]:
        """Return a subscriber's overrides."""
        return self.use.overrides(customer_id)

    @rpc
    def audit(self, customer_id: str) -> list[AuditNote]:
        """Return who did what about a subscriber."""
        return self.use.audit(customer_id)

    @rpc
    def subscriber_export(self, customer_id: str, author: str) -> SubscriberRecord:
        """Return everything held about a subscriber."""
        return self.use.subscriber_export(customer_id, author)

    @rpc
    def subscriber_erase(self, customer_id: str, author: str, reason: str) -> Erasure:
        """Keep a subscriber's rows under a pseudonym from now on."""
        return self.use.subscriber_erase(customer_id, author, reason)


class GovernanceBulk(Pingable):
    """Many items a call, and what other services tell."""

    name = "governance_bulk"
    max_workers = 4
    use: UseCases = Dependencies()

    @rpc
    def reserve(self, requests: list[ContactRequest]) -> list[Verdict]:
        """Return a verdict for each request; permits are reserved."""
        return count_verdicts(requests, self.use.reserve(requests))

    @rpc
    def check(self, requests: list[ContactRequest]) -> list[Verdict]:
        """Return what `reserve` would say."""
        return self.use.check(requests)

    @rpc
    def screen(self, requests: list[ContactRequest]) -> list[Verdict]:
        """Return verdicts by list effects alone."""
        return self.use.screen(requests)

    @rpc
    def confirm(self, contact_ids: list[str]) -> list[ContactState]:
        """Note that contacts took place now."""
        return self.use.confirm(contact_ids)

    @rpc
    def release(self, contact_ids: list[str], reason: str) -> list[ContactState]:
        """Give places back."""
        return self.use.release(contact_ids, reason)

    @rpc
    def recheck(self, contact_ids: list[str]) -> list[Verdict]:
        """Return whether reservations may still be used."""
        return self.use.recheck(contact_ids)

    @rpc
    def list_put(self, list: ListName, entries: list[ListEntry]) -> int:  # noqa: A002 - the contract's name
        """Put subscribers on a list."""
        return self.use.list_put(list, entries)

    @rpc
    def list_remove(
        self,
        list: ListName,  # noqa: A002 - the contract's name
        customer_ids: list[str],
        author: str = "",
        reason: str = "",
    ) -> int:
        """Take subscribers off a list."""
        return self.use.list_remove(list, customer_ids, author, reason)

    @rpc
    def list_read(
        self,
        list: ListName,  # noqa: A002 - the contract's name
        after: str,
        limit: int,
        customer_id: str | None = None,
    ) -> ListPage:
        """Return a page of a list, or of one subscriber's entries on it."""
        return self.use.list_read(list, after, limit, customer_id)

    @rpc
    def prune(self) -> Pruned:
        """Delete a part of what is old enough to go."""
        return self.use.prune()

    @every(PRUNE_SECONDS)
    def prune_by_the_clock(self) -> None:
        """Delete what is old enough to go, unless another replica is at it."""
        self.use.prune_by_the_clock()

    @event("channels", "contacts_sent")
    def on_contacts_sent(self, event_id: str, event: ContactsSent) -> None:
        """Confirm what took place."""
        self.use.contacts_sent(event_id, event)

    @event("channels", "contacts_failed")
    def on_contacts_failed(self, event_id: str, event: ContactsFailed) -> None:
        """Release what did not take place."""
        self.use.contacts_failed(event_id, event)

    @event("channels", "outcomes_recorded")
    def on_outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what came of contacts."""
        self.use.outcomes_recorded(event_id, event)

    @event("campaigns", "contacts_sent")
    def on_offers_made(self, event_id: str, event: ContactsSent) -> None:
        """Confirm offers made face to face: campaigns records what visitors say."""
        self.use.contacts_sent(event_id, event)

    @event("campaigns", "outcomes_recorded")
    def on_visitors_answered(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what visitors said: a refusal at the counter counts like any other."""
        self.use.outcomes_recorded(event_id, event)
