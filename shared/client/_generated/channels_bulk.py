"""The methods of `channels_bulk`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_channels import DispatchOrder, DispatchResult, RunResult
from .of_health import Health
from .of_wire import Instant


class ChannelsBulk(Container):
    """Orders in batches, and the runner."""

    name = "channels_bulk"

    def dispatch(self, *, orders: list[DispatchOrder], **options: Unpack[CallOptions]) -> DispatchResult:
        """Take orders for permitted contacts."""
        told: DispatchResult = self._call("dispatch", {"orders": orders}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def run_due(self, *, until: Instant | None = None, **options: Unpack[CallOptions]) -> RunResult:
        """Send what is due and collect answers that are due."""
        told: RunResult = self._call("run_due", {"until": until}, options)
        return told
