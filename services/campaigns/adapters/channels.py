"""channels over the bus."""

from collections.abc import Sequence

from shared.contracts.channels import DispatchOrder, DispatchResult
from shared.messaging.calling import RpcCaller

_SECONDS = 60.0


class RemoteChannels:
    """Port `Channels`."""

    def __init__(self, caller: RpcCaller) -> None:
        self._caller = caller

    def dispatch(self, orders: Sequence[DispatchOrder]) -> DispatchResult:
        """Hand over permitted contacts; idempotent by contact id."""
        return self._caller.call("channels_bulk", "dispatch", {"orders": orders}, DispatchResult, _SECONDS)
