"""How one service asks another."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0


class RpcCaller(Protocol):
    """Asks a service and waits for its typed answer; safe to use from many (green) threads at once."""

    def call(
        self,
        service: str,
        method: str,
        arguments: Mapping[str, object],
        returns: type[T],
        timeout: float = DEFAULT_TIMEOUT,
    ) -> T:
        """Return the answer as `returns`; `arguments` maps names to structs or builtins, `timeout` is in seconds.

        Raises Unavailable when nobody answers in time, the service does not exist or the bus is down, and the fault
        the service reported otherwise (InvalidRequest, NotFound, NotAllowed, or RemoteFault with its code).
        """
        ...
