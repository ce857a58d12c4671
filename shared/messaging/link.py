"""A pika connection in a thread of its own: any thread may publish, heartbeats never depend on what callers do.

For processes that eventlet has not patched.
"""

import threading
from collections.abc import Callable
from typing import Any

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.kernel.faults import Unavailable
from shared.messaging.tls import pika_parameters

_JOIN_SECONDS = 5.0


class Link:
    """One connection with one channel, confirmed if `on_confirm` is given.

    `on_open` runs in the connection's thread once the channel is there.

    Everything that touches `channel` must run in that thread: hand it to `do`.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        on_confirm: Callable[[int, bool, bool], None] | None = None,
        on_open: Callable[[Any], None] = lambda _: None,
        on_lost: Callable[[str], None] = lambda _: None,
        connect_seconds: float = 15.0,
    ) -> None:
        self._on_open, self._on_lost, self._on_confirm = on_open, on_lost, on_confirm
        self._ready = threading.Event()
        self._failure: str | None = None
        self.channel: Any = None
        parameters = pika_parameters(url)
        parameters.client_properties = {"connection_name": name}
        self._connection: Any = pika.SelectConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=lambda _, error: self._ended(f"the bus cannot be reached: {error!r}"),
            on_close_callback=lambda _, reason: self._ended(f"the connection was lost: {reason}"),
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        if not self._ready.wait(connect_seconds):
            self.close()
            raise Unavailable("the bus did not answer in time")
        if self._failure is not None:
            raise Unavailable(self._failure)

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._failure is None

    def do(self, action: Callable[[], None]) -> None:
        """Run `action` in the connection's thread, soon; raises Unavailable when the connection is gone."""
        if self._failure is not None:
            raise Unavailable(self._failure)
        self._connection.ioloop.add_callback_threadsafe(action)

    def close(self) -> None:
        """Disconnect and end the thread."""
        if self._failure is None:
            self._connection.ioloop.add_callback_threadsafe(self._hang_up)
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        self._connection.ioloop.start()
        self._connection.ioloop.close()

    def _hang_up(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        elif self._connection.is_closed:
            self._ended("closed")

    def _opened(self, _connection: object) -> None:
        self._connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        self.channel = channel
        channel.add_on_close_callback(lambda _, reason: self._channel_lost(reason))
        if self._on_confirm is not None:
            channel.confirm_delivery(self._confirmed)
        self._on_open(channel)
        self._ready.set()

    def _confirmed(self, frame: Any) -> None:  # noqa: ANN401 - pika is untyped
        method = frame.method
        if self._on_confirm is not None:
            self._on_confirm(method.delivery_tag, method.multiple, method.NAME == "Basic.Ack")

    def _channel_lost(self, reason: object) -> None:
        if self._connection.is_open:  # the broker closed the channel alone: treat the link as lost
            self._connection.close()
        self._lost(f"the channel was closed: {reason}")

    def _lost(self, reason: str) -> None:
        if self._failure is None:
            self._failure = reason
            self._ready.set()
            self._on_lost(reason)

    def _ended(self, reason: str) -> None:
        self._lost(reason)
        self._connection.ioloop.stop()
