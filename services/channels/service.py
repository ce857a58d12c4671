"""The nameko classes `channels` (people at screens) and `channels_bulk` (campaigns and the timer)."""

from datetime import datetime

from services.channels.application.use_cases import UseCases
from services.channels.dependencies import Dependencies
from shared.contracts.channels import DispatchOrder, DispatchResult, RunResult, WorkItem
from shared.contracts.wire import Channel, Outcome
from shared.messaging.entrypoints import Pingable, every, rpc

RUN_SECONDS = 5.0


class Channels(Pingable):
    """Work lists and outcomes."""

    name = "channels"
    use: UseCases = Dependencies()

    @rpc
    def worklist(self, channel: Channel, limit: int) -> list[WorkItem]:
        """Return the contacts a person can make now, oldest first."""
        return self.use.worklist(channel, limit)

    @rpc
    def record_outcome(self, contact_id: str, outcome: Outcome, detail: str = "") -> WorkItem:
        """Note what came of a contact."""
        return self.use.record_outcome(contact_id, outcome, detail)


class ChannelsBulk(Pingable):
    """Orders in batches, and the runner."""

    name = "channels_bulk"
    max_workers = 4
    use: UseCases = Dependencies()

    @rpc
    def dispatch(self, orders: list[DispatchOrder]) -> DispatchResult:
        """Take orders for permitted contacts."""
        return self.use.dispatch(orders)

    @rpc
    def run_due(self, until: datetime | None = None) -> RunResult:
        """Send what is due and collect answers that are due."""
        return self.use.run_due(until)

    @every(RUN_SECONDS)
    def tick(self) -> None:
        """Run what is due by the clock."""
        self.use.tick()
