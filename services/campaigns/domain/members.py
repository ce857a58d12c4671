"""What conflict and ranking rules are about: offers named by category, campaign or offering."""

from dataclasses import dataclass

from services.campaigns.domain.offering import Reach


@dataclass(frozen=True, slots=True)
class Members:
    """What a rule is about: the union of these."""

    categories: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    offerings: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """True when nothing is named."""
        return not (self.categories or self.campaigns or self.offerings)

    def has(self, campaign_id: str, reach: Reach) -> bool:
        """Say whether a campaign's offering is meant, by itself or by a component."""
        return (
            campaign_id in self.campaigns
            or not self.categories.isdisjoint(reach.categories)
            or not self.offerings.isdisjoint(reach.offerings)
        )
