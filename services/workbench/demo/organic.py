"""Simulated subscribers who take a product by themselves, contacted or not: without them uplift would mean nothing."""

from collections.abc import Iterator, Sequence

from services.workbench.demo.intake import TIMEOUT, pages
from services.workbench.province import organic_adopter
from shared.contracts.campaigns import CellMember, MembersPage
from shared.contracts.customer_view import CustomerOrder, UpsertResult
from shared.contracts.plan import Plan
from shared.contracts.wire import BULK_LIMIT
from shared.kernel.identity import derive_id
from shared.messaging.calling import RpcCaller


def members(caller: RpcCaller, campaign_id: str, cell: str = "") -> Iterator[CellMember]:
    """Page through who was assigned to a campaign's cell; all cells when `cell` is empty."""
    after: str | None = ""
    while after is not None:
        arguments = {"campaign_id": campaign_id, "cell": cell, "after": after, "limit": BULK_LIMIT}
        page = caller.call("campaigns_bulk", "members_page", arguments, MembersPage, TIMEOUT)
        yield from page.members
        after = page.next_after


def take_products(caller: RpcCaller, plans: Sequence[Plan], *, seed: int) -> int:
    """Let the plan's organic share of every campaign's members, control included, take its product; return how many."""
    return sum(_take(caller, plan, seed) for plan in plans if plan.simulation.organic > 0)


def _take(caller: RpcCaller, plan: Plan, seed: int) -> int:
    adopters = (
        member.customer_id
        for member in members(caller, plan.campaign)
        if organic_adopter(seed, plan.campaign, member.customer_id, plan.simulation.organic)
    )
    count = 0
    for page in pages(adopters):
        orders = [
            CustomerOrder(
                order_id=derive_id("organic", plan.campaign, customer_id),
                customer_id=customer_id,
                products=[plan.converts[0]],
            )
            for customer_id in page
        ]
        count += caller.call("customer_view_bulk", "record_orders", {"orders": orders}, UpsertResult, TIMEOUT).written
    return count
