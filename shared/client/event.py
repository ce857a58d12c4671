"""One event, and what its reader may say of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from .errors import InvalidEvent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event(Generic[T]):
    """One event: settle it once, by `ack`, `nack` or `park`, from any thread; until then it belongs to you.

    When the connection has been lost meanwhile, what you say is not heard and the event comes again.
    """

    event_id: str
    """The same on every repetition: keep it beside what you did, and skip an event you have dealt with."""
    source: str
    """The service that told it; empty for one that was put back by hand."""
    event_type: str
    raw: bytes
    headers: Mapping[str, Any]
    is_repeated: bool
    """A hint: the broker has delivered it before, or this feed has acknowledged its id. False proves nothing."""
    ack: Callable[[], None]
    """It is dealt with."""
    nack: Callable[[], None]
    """It shall come again, soon and perhaps to another reader."""
    park: Callable[[], None]
    """It is poison: the broker puts it into `dead.<queue>`. Raises NotAllowed where there is no such queue."""

    @property
    def body(self) -> T:
        """The content as builtins; raises InvalidEvent for what is not JSON."""
        try:
            return cast("T", json.loads(self.raw))
        except (ValueError, RecursionError) as fault:
            raise InvalidEvent(f"event {self.event_id} is not JSON: {fault}") from None
