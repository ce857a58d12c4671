"""The methods of `campaigns`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Any, Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_campaigns import CampaignStatus, ContactRecord, Recommendation, RecommendContext, Response, Story
from .of_health import Health
from .of_wire import Channel


class Campaigns(Container):
    """Cases and stories, for people who wait for the answer."""

    name = "campaigns"

    def approve(self, *, campaign_id: str, level: str, approver: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Note one level's agreement."""
        told: CampaignStatus = self._call(
            "approve", {"campaign_id": campaign_id, "level": level, "approver": approver}, options
        )
        return told

    def draft(self, *, plan: dict[str, Any], **options: Unpack[CallOptions]) -> CampaignStatus:
        """Check and keep a plan."""
        told: CampaignStatus = self._call("draft", {"plan": plan}, options)
        return told

    def launch(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Let an approved campaign begin."""
        told: CampaignStatus = self._call("launch", {"campaign_id": campaign_id}, options)
        return told

    def pause(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Make no further contact for now."""
        told: CampaignStatus = self._call("pause", {"campaign_id": campaign_id}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def recommend(
        self, *, customer_id: str, channel: Channel, context: RecommendContext, **options: Unpack[CallOptions]
    ) -> Recommendation:
        """Say what to offer a visitor now, best first, each offer reserved."""
        told: Recommendation = self._call(
            "recommend", {"customer_id": customer_id, "channel": channel, "context": context}, options
        )
        return told

    def respond(self, *, contact_id: str, response: Response, **options: Unpack[CallOptions]) -> ContactRecord:
        """Record what the visitor said to an offer."""
        told: ContactRecord = self._call("respond", {"contact_id": contact_id, "response": response}, options)
        return told

    def resume(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Go on after a pause."""
        told: CampaignStatus = self._call("resume", {"campaign_id": campaign_id}, options)
        return told

    def status(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Say where a case stands."""
        told: CampaignStatus = self._call("status", {"campaign_id": campaign_id}, options)
        return told

    def stop(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """End a campaign for good."""
        told: CampaignStatus = self._call("stop", {"campaign_id": campaign_id}, options)
        return told

    def story(self, *, customer_id: str, **options: Unpack[CallOptions]) -> Story:
        """Tell all that was decided about one subscriber."""
        told: Story = self._call("story", {"customer_id": customer_id}, options)
        return told

    def submit(self, *, campaign_id: str, **options: Unpack[CallOptions]) -> CampaignStatus:
        """Hand a draft in for approval."""
        told: CampaignStatus = self._call("submit", {"campaign_id": campaign_id}, options)
        return told
