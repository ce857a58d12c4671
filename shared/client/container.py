"""What the generated clients of containers and events are built on."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypedDict


class CallOptions(TypedDict, total=False):
    """How to call, beside what to ask."""

    timeout: float
    """Seconds to wait for an answer, each time; the client's own where left out."""
    retries: int
    """How often to ask again when nobody could answer (0); safe, for every write is idempotent by your ids."""
    correlation_id: str
    """Stands in every log line and event that comes of the call; made up where there is none."""
    traceparent: str
    """W3C trace context of the caller."""


class Container:
    """Methods of one container; made by the client."""

    name: ClassVar[str]

    def __init__(self, ask: Callable[[str, str, Mapping[str, object], CallOptions], Any]) -> None:
        self._ask = ask

    def _call(self, method: str, arguments: Mapping[str, object], options: CallOptions) -> Any:  # noqa: ANN401 - typed by the generated method
        return self._ask(self.name, method, arguments, options)
