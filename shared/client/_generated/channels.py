"""The methods of `channels`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_channels import WorkItem
from .of_health import Health
from .of_wire import Channel, Outcome


class Channels(Container):
    """Work lists and outcomes."""

    name = "channels"

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def record_outcome(
        self, *, contact_id: str, outcome: Outcome, detail: str = "", **options: Unpack[CallOptions]
    ) -> WorkItem:
        """Note what came of a contact."""
        told: WorkItem = self._call(
            "record_outcome", {"contact_id": contact_id, "outcome": outcome, "detail": detail}, options
        )
        return told

    def worklist(self, *, channel: Channel, limit: int, **options: Unpack[CallOptions]) -> list[WorkItem]:
        """Return the contacts a person can make now, oldest first."""
        told: list[WorkItem] = self._call("worklist", {"channel": channel, "limit": limit}, options)
        return told
