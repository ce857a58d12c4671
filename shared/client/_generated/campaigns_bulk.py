"""The methods of `campaigns_bulk`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_campaigns import ContactsPage, Evaluation, MembersPage, RunReport, Story, SuppressionsPage
from .of_decisions import DecisionsPage
from .of_health import Health
from .of_wire import Instant


class CampaignsBulk(Container):
    """Runs, reports, and what other services tell."""

    name = "campaigns_bulk"

    def contacts_page(self, *, after: str, limit: int, **options: Unpack[CallOptions]) -> ContactsPage:
        """Return contacts made, page by page."""
        told: ContactsPage = self._call("contacts_page", {"after": after, "limit": limit}, options)
        return told

    def decisions_page(self, *, after: str, limit: int, **options: Unpack[CallOptions]) -> DecisionsPage:
        """Return decisions of advice with all that went into them, page by page."""
        told: DecisionsPage = self._call("decisions_page", {"after": after, "limit": limit}, options)
        return told

    def evaluate(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> Evaluation:
        """Say how a campaign went."""
        told: Evaluation = self._call("evaluate", {"campaign_id": campaign_id}, options)
        return told

    def members_page(
        self, *, campaign_id: str, cell: str, after: str, limit: int, **options: Unpack[CallOptions]
    ) -> MembersPage:
        """Return who was assigned to a cell, page by page."""
        told: MembersPage = self._call(
            "members_page", {"campaign_id": campaign_id, "cell": cell, "after": after, "limit": limit}, options
        )
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def run_due(self, *, until: Instant | None = None, **options: Unpack[CallOptions]) -> RunReport:
        """Do everything that is due."""
        told: RunReport = self._call("run_due", {"until": until}, options)
        return told

    def story(self, *, customer_id: str, **options: Unpack[CallOptions]) -> Story:
        """Tell all that was decided about one subscriber, for reports."""
        told: Story = self._call("story", {"customer_id": customer_id}, options)
        return told

    def suppressions_page(self, *, after: str, limit: int, **options: Unpack[CallOptions]) -> SuppressionsPage:
        """Return contacts not made and why, page by page."""
        told: SuppressionsPage = self._call("suppressions_page", {"after": after, "limit": limit}, options)
        return told
