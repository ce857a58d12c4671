"""CRM and ISMP as the rehearsal assumes them: a share of the orders is carried out, drawn by seed and contact."""

from collections.abc import Mapping, Sequence

from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from shared.kernel.identity import unit_interval


class SimulatedFulfilment:
    """Port `Fulfilment` without CRM and ISMP; the same seed gives the same results."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def carry_out(
        self,
        orders: Sequence[SalesOrder],
        offerings: Mapping[str, Offering],  # noqa: ARG002 - the real one sends the products
        assumed: Mapping[str, float],
    ) -> list[FulfilmentResult]:
        """Carry out the share that each campaign's plan assumes."""
        return [self._result(order.contact_id, assumed.get(order.campaign_id, 1.0)) for order in orders]

    def _result(self, contact_id: str, share: float) -> FulfilmentResult:
        if unit_interval(self._seed, "fulfilment", contact_id) < share:
            return FulfilmentResult(contact_id, is_fulfilled=True)
        return FulfilmentResult(contact_id, is_fulfilled=False, fault="simulated: not carried out")
