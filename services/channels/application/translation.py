"""Between the contracts on the wire and the values of the domain."""

from services.channels.domain.order import Order
from services.channels.domain.progress import Standing
from shared.contracts.channels import DispatchOrder, WorkItem


def order_of(asked: DispatchOrder) -> Order:
    """Read an order from the wire."""
    return Order(
        asked.contact_id,
        asked.customer_id,
        asked.campaign_id,
        asked.cell,
        asked.offering_id,
        asked.channel,
        asked.script_zh,
        asked.script_en,
        asked.planned_at,
        asked.expires_at,
        asked.propensity,
    )


def item_of(standing: Standing) -> WorkItem:
    """Show an order to an agent; that it is being sent or listed is our business, to them it waits."""
    order, progress = standing.order, standing.progress
    return WorkItem(
        contact_id=order.contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        offering_id=order.offering_id,
        channel=order.channel,
        script_zh=order.script_zh,
        script_en=order.script_en,
        planned_at=order.planned_at,
        expires_at=order.expires_at,
        state="waiting" if progress.state in {"sending", "listed"} else progress.state,
        outcome=progress.outcome,
        detail=progress.detail,
    )
