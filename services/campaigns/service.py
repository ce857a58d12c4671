"""The nameko classes `campaigns` (people: cases, advice, stories) and `campaigns_bulk` (runs, events, reports)."""

from datetime import datetime
from typing import Any

from services.campaigns.application.offers import Question
from services.campaigns.application.use_cases import UseCases
from services.campaigns.dependencies import Dependencies
from shared.contracts.campaigns import (
    CampaignStatus,
    ContactRecord,
    ContactsPage,
    Evaluation,
    MembersPage,
    Recommendation,
    RecommendContext,
    Response,
    RunReport,
    Story,
    SuppressionsPage,
)
from shared.contracts.catalogue import OfferingsChanged
from shared.contracts.channels import ContactsFailed, ContactsSent, OutcomesRecorded
from shared.contracts.customer_view import CustomersChanged, TriggersFired
from shared.contracts.decisions import DecisionsPage
from shared.contracts.governance import ListsChanged
from shared.contracts.wire import Channel
from shared.messaging.entrypoints import Pingable, event, every, rpc

RUN_SECONDS = 30.0
FORGET_SECONDS = 600.0


class Campaigns(Pingable):
    """Cases and stories, for people who wait for the answer."""

    name = "campaigns"
    max_workers = 64  # they mostly wait for governance, many at a time
    use: UseCases = Dependencies()

    @rpc
    def draft(self, plan: dict[str, Any]) -> CampaignStatus:
        """Check and keep a plan."""
        return self.use.cases.draft(plan)

    @rpc
    def submit(self, campaign_id: str) -> CampaignStatus:
        """Hand a draft in for approval."""
        return self.use.cases.submit(campaign_id)

    @rpc
    def approve(self, campaign_id: str, level: str, approver: str) -> CampaignStatus:
        """Note one level's agreement."""
        return self.use.cases.approve(campaign_id, level, approver)

    @rpc
    def launch(self, campaign_id: str) -> CampaignStatus:
        """Let an approved campaign begin."""
        return self.use.cases.move(campaign_id, "launch")

    @rpc
    def pause(self, campaign_id: str) -> CampaignStatus:
        """Make no further contact for now."""
        return self.use.cases.move(campaign_id, "pause")

    @rpc
    def resume(self, campaign_id: str) -> CampaignStatus:
        """Go on after a pause."""
        return self.use.cases.move(campaign_id, "resume")

    @rpc
    def stop(self, campaign_id: str) -> CampaignStatus:
        """End a campaign for good."""
        return self.use.cases.move(campaign_id, "stop")

    @rpc
    def status(self, campaign_id: str) -> CampaignStatus:
        """Say where a case stands."""
        return self.use.cases.status(campaign_id)

    @rpc
    def recommend(self, customer_id: str, channel: Channel, context: RecommendContext) -> Recommendation:
        """Say what to offer a visitor now, best first, each offer reserved."""
        return self.use.recommend(Question(customer_id, channel, context))

    @rpc
    def respond(self, contact_id: str, response: Response) -> ContactRecord:
        """Record what the visitor said to an offer."""
        return self.use.responding.respond(contact_id, response)

    @rpc
    def story(self, customer_id: str) -> Story:
        """Tell all that was decided about one subscriber."""
        return self.use.tell.story(customer_id)


class CampaignsBulk(Pingable):
    """Runs, reports, and what other services tell."""

    name = "campaigns_bulk"
    use: UseCases = Dependencies()

    @rpc
    def run_due(self, until: datetime | None = None) -> RunReport:
        """Do everything that is due."""
        return self.use.runs.run_due(until)

    @every(RUN_SECONDS)
    def tick(self) -> None:
        """Do what is due by the clock, unless another replica is at it."""
        if self.use.has_timers:
            self.use.runs.tick()

    @every(FORGET_SECONDS)
    def forget(self) -> None:
        """Take old decisions off the record; replicas may do so side by side."""
        if self.use.has_timers:
            self.use.decisions.forget()

    @rpc
    def evaluate(self, campaign_id: str) -> Evaluation:
        """Say how a campaign went."""
        return self.use.results.evaluate(campaign_id)

    @rpc
    def story(self, customer_id: str) -> Story:
        """Tell all that was decided about one subscriber, for reports."""
        return self.use.tell.story(customer_id)

    @rpc
    def contacts_page(self, after: str, limit: int) -> ContactsPage:
        """Return contacts made, page by page."""
        return self.use.tell.contacts_page(after, limit)

    @rpc
    def members_page(self, campaign_id: str, cell: str, after: str, limit: int) -> MembersPage:
        """Return who was assigned to a cell, page by page."""
        return self.use.tell.members_page(campaign_id, cell, after, limit)

    @rpc
    def suppressions_page(self, after: str, limit: int) -> SuppressionsPage:
        """Return contacts not made and why, page by page."""
        return self.use.tell.suppressions_page(after, limit)

    @rpc
    def decisions_page(self, after: str, limit: int) -> DecisionsPage:
        """Return decisions of advice with all that went into them, page by page."""
        return self.use.decisions.page(after, limit)

    @event("customer_view", "customers_changed")
    def on_customers_changed(self, event_id: str, event: CustomersChanged) -> None:
        """Keep snapshots of subscribers."""
        self.use.listening.customers_changed(event_id, event)

    @event("customer_view", "triggers_fired")
    def on_triggers_fired(self, event_id: str, event: TriggersFired) -> None:
        """Keep for whom triggers fired."""
        self.use.listening.triggers_fired(event_id, event)

    @event("catalogue", "offerings_changed")
    def on_offerings_changed(self, event_id: str, event: OfferingsChanged) -> None:
        """Keep the catalogue."""
        self.use.listening.offerings_changed(event_id, event)

    @event("governance", "lists_changed")
    def on_lists_changed(self, event_id: str, event: ListsChanged) -> None:
        """Keep who is on a list."""
        self.use.listening.lists_changed(event_id, event)

    @event("channels", "contacts_sent")
    def on_contacts_sent(self, event_id: str, event: ContactsSent) -> None:
        """Note when contacts took place."""
        self.use.listening.contacts_sent(event_id, event)

    @event("channels", "contacts_failed")
    def on_contacts_failed(self, event_id: str, event: ContactsFailed) -> None:
        """Note which contacts will not take place."""
        self.use.listening.contacts_failed(event_id, event)

    @event("channels", "outcomes_recorded")
    def on_outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what came of contacts, and carry out what follows."""
        self.use.listening.outcomes_recorded(event_id, event)
