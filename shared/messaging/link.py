"""The client's connection, for what else of ours speaks through pika: errors are faults of the kernel."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from shared.client import link as integrators
from shared.client.address import connection_parameters
from shared.client.errors import BanyanError
from shared.kernel.faults import Fault, Unavailable
from shared.messaging import wire

_CONNECT_SECONDS = 15.0


class Link(integrators.Link):
    """One connection with one channel in a thread of its own, confirmed if `on_confirm` is given; see the client's.

    `on_confirm` gets delivery tag, whether all up to it are meant, and whether the broker took them over.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        on_confirm: Callable[[int, bool, bool], None] | None = None,
        on_lost: Callable[[str], None] = lambda _: None,
        connect_seconds: float = _CONNECT_SECONDS,
    ) -> None:
        def set_up(channel: Any, done: Callable[[], None], _before: object) -> None:  # noqa: ANN401 - pika is untyped
            if on_confirm is None:
                done()
            else:
                channel.confirm_delivery(lambda frame: _tell(on_confirm, frame.method), callback=lambda _: done())

        with reading_address():
            parameters = connection_parameters(url, None, name, connect_seconds)
        with as_faults():
            super().__init__(
                parameters,
                name,
                set_up=set_up,
                on_lost=lambda loss: on_lost(loss.text),
                connect_seconds=connect_seconds,
            )

    def do(self, action: Callable[[], None]) -> None:
        """Run `action` in the connection's thread, soon; raises Unavailable when the connection is gone."""
        with as_faults():
            super().do(action)


@contextmanager
def as_faults() -> Iterator[None]:
    """Raise the client's errors as the faults that they stand for."""
    try:
        yield
    except BanyanError as error:
        raise fault_of(error) from None


@contextmanager
def reading_address() -> Iterator[None]:
    """Raise Unavailable for an address, or for certificates, that cannot be used."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise Unavailable(f"the address of the bus cannot be used: {error}") from None


def fault_of(error: BanyanError) -> Fault:
    """Return the fault that stands for an error of the client."""
    return wire.decode_fault(wire.WireFault("", "", [error.code, error.message, error.details], error.message))


def _tell(on_confirm: Callable[[int, bool, bool], None], method: Any) -> None:  # noqa: ANN401 - pika is untyped
    on_confirm(method.delivery_tag, method.multiple, method.NAME == "Basic.Ack")
