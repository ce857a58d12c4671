"""Hand permitted contacts over to channels; what a crash left behind is handed over again, and recognised there."""

from collections.abc import Sequence
from datetime import datetime

from services.campaigns.application.following import fail
from services.campaigns.application.ports import Channels, Governance
from services.campaigns.application.step_book import StepBook
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.candidate import Contact, ContactState
from services.campaigns.domain.case import CaseState
from services.campaigns.domain.plan import Plan
from shared.contracts.channels import DispatchOrder

PAGE = 2_000


class Dispatching:
    """Moves contacts from reserved to dispatched, or gives the reservation back."""

    def __init__(self, store: Store, channels: Channels, governance: Governance, moment: datetime) -> None:
        self._store = store
        self._channels = channels
        self._governance = governance
        self._moment = moment

    def hand_over(self, contacts: Sequence[Contact], steps: StepBook) -> int:
        """Dispatch the permitted ones of these contacts; return how many were taken. Raises Unavailable."""
        reserved = [each for each in contacts if each.state is ContactState.RESERVED]
        orders, refused = self._orders(reserved, steps)
        if orders:
            faults = self._channels.dispatch(orders).faults
            refused |= {orders[fault.index].contact_id: f"{fault.field}: {fault.message}" for fault in faults}
        taken = [each.contact_id for each in orders if each.contact_id not in refused]
        if taken or refused:
            with self._store.write() as tx:
                tx.contacts.set_dispatched(taken)
                fail(tx, refused, self._moment)
        if refused:
            self._governance.release(sorted(refused), "not dispatched")
        return len(taken)

    def hand_over_leftovers(self) -> int:
        """Dispatch what an earlier run reserved and did not hand over; return how many were taken."""
        taken, after = 0, ""
        while True:
            with self._store.read() as tx:
                left = tx.contacts.reserved(after, PAGE)
                cases = tx.cases.many({each.campaign_id for each in left})
                catalogue = tx.replicas.offerings() if left else {}
            if not left:
                return taken
            going: dict[str, Plan] = {each.campaign_id: each.plan for each in cases if _goes_on(each.state)}
            paused = {each.campaign_id for each in cases if each.state is CaseState.PAUSED}
            taken += self.hand_over(
                [each for each in left if each.campaign_id not in paused], StepBook(going, catalogue)
            )
            after = left[-1].contact_id

    def _orders(self, contacts: Sequence[Contact], steps: StepBook) -> tuple[list[DispatchOrder], dict[str, str]]:
        orders, refused = [], {}
        for each in contacts:
            step = steps.find(each.campaign_id, each.treatment, each.step)
            if each.expires_at is None or each.expires_at <= self._moment:
                refused[each.contact_id] = "the reservation lapsed"
            elif step is None:
                refused[each.contact_id] = "the campaign was stopped or its offering withdrawn"
            else:
                orders.append(step.order(each, step.words, each.expires_at))
        return orders, refused


def _goes_on(state: CaseState) -> bool:
    return state in (CaseState.LIVE, CaseState.FINISHED)
