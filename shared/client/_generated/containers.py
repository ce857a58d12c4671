"""All containers of Banyan.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..container import CallOptions  # noqa: TID252 - installed alone, the package has another name
from .campaigns import Campaigns
from .campaigns_bulk import CampaignsBulk
from .catalogue import Catalogue
from .catalogue_bulk import CatalogueBulk
from .channels import Channels
from .channels_bulk import ChannelsBulk
from .customer_view import CustomerView
from .customer_view_bulk import CustomerViewBulk
from .governance import Governance
from .governance_bulk import GovernanceBulk


class Containers(ABC):
    """A way to each container."""

    @property
    def customer_view(self) -> CustomerView:
        """Methods of `customer_view`."""
        return CustomerView(self.ask)

    @property
    def customer_view_bulk(self) -> CustomerViewBulk:
        """Methods of `customer_view_bulk`."""
        return CustomerViewBulk(self.ask)

    @property
    def catalogue(self) -> Catalogue:
        """Methods of `catalogue`."""
        return Catalogue(self.ask)

    @property
    def catalogue_bulk(self) -> CatalogueBulk:
        """Methods of `catalogue_bulk`."""
        return CatalogueBulk(self.ask)

    @property
    def governance(self) -> Governance:
        """Methods of `governance`."""
        return Governance(self.ask)

    @property
    def governance_bulk(self) -> GovernanceBulk:
        """Methods of `governance_bulk`."""
        return GovernanceBulk(self.ask)

    @property
    def channels(self) -> Channels:
        """Methods of `channels`."""
        return Channels(self.ask)

    @property
    def channels_bulk(self) -> ChannelsBulk:
        """Methods of `channels_bulk`."""
        return ChannelsBulk(self.ask)

    @property
    def campaigns(self) -> Campaigns:
        """Methods of `campaigns`."""
        return Campaigns(self.ask)

    @property
    def campaigns_bulk(self) -> CampaignsBulk:
        """Methods of `campaigns_bulk`."""
        return CampaignsBulk(self.ask)

    @abstractmethod
    def ask(self, service: str, method: str, arguments: Mapping[str, object], options: CallOptions) -> Any:  # noqa: ANN401 - typed by the method that asks
        """Return the answer."""
