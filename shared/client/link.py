"""A connection in a thread of its own: any thread may send, heartbeats never depend on what callers do."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from .errors import BanyanError, NotAllowed, Unavailable

_JOIN_SECONDS = 5.0
_log = logging.getLogger("banyan_client")

REFUSED, MISSING = 403, 404
"""What the broker says of what a user may not do, and of what is not there."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a link ended; `code` is the broker's reply code, 0 where it said nothing."""

    text: str
    code: int = 0

    def error(self) -> BanyanError:
        """Return the error for whoever wanted to use the link."""
        return (NotAllowed if self.code == REFUSED else Unavailable)(self.text)


SetUp = Callable[[Any, Callable[[], None], Loss | None], None]


def _nothing_to_set_up(_channel: object, done: Callable[[], None], _before: Loss | None) -> None:
    done()


class Link:
    """One connection with one channel; raises what `Loss` says when it cannot be set up.

    `set_up(channel, done, before)` runs in the connection's thread and calls `done` once the channel can be used. If
    the broker says that something is missing, it is called again, with a new channel and with what the broker said,
    `attempts` times in all.
    Everything that touches `channel` must run in the connection's thread: hand it to `do`.
    """

    def __init__(
        self,
        parameters: Any,  # noqa: ANN401 - pika is untyped
        name: str,
        *,
        set_up: SetUp = _nothing_to_set_up,
        on_lost: Callable[[Loss], None] = lambda _: None,
        attempts: int = 1,
        connect_seconds: float = 15.0,
    ) -> None:
        self._set_up, self._on_lost = set_up, on_lost
        self._attempts_left = attempts
        self._ready = threading.Event()
        self._loss: Loss | None = None
        self.channel: Any = None
        self._connection: Any = pika.SelectConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=lambda _, error: self._ended(_not_reached(error)),
            on_close_callback=lambda _, reason: self._ended(_loss("the connection was lost", reason)),
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        if not self._ready.wait(connect_seconds):
            self.close()
            raise Unavailable("the bus did not answer in time", may_have_happened=False)
        if self._loss is not None:
            raise self._loss.error()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._loss is None

    def do(self, action: Callable[[], None]) -> None:
        """Run `action` in the connection's thread, soon; raises Unavailable when the connection is gone."""
        if self._loss is not None:
            raise Unavailable(self._loss.text, may_have_happened=False)
        self._connection.ioloop.add_callback_threadsafe(action)

    def close(self) -> None:
        """Send what was handed over, disconnect and end the thread."""
        if self._loss is None:
            self._connection.ioloop.add_callback_threadsafe(self._hang_up)
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as fault:  # noqa: BLE001 - the thread's boundary: whoever waits must hear of it
            _log.exception("the connection's thread failed")
            self._lost(Loss(f"the connection's thread failed: {fault!r}"))
        finally:
            self._connection.ioloop.close()

    def _hang_up(self) -> None:
        self._lost(Loss("the connection was closed"))
        if self._connection.is_open:
            self._connection.close()
        elif self._connection.is_closed:
            self._connection.ioloop.stop()
        else:  # still connecting: pika calls back with an error
            self._connection.ioloop.call_later(0, self._connection.ioloop.stop)

    def _opened(self, _connection: object) -> None:
        self._connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any, before: Loss | None = None) -> None:  # noqa: ANN401 - pika is untyped
        self.channel = channel
        self._attempts_left -= 1
        channel.add_on_close_callback(lambda _, reason: self._channel_lost(_loss("the channel was closed", reason)))
        channel.add_on_cancel_callback(lambda _: self._channel_lost(Loss("the queue was deleted")))
        self._set_up(channel, self._ready.set, before)

    def _channel_lost(self, loss: Loss) -> None:
        if loss.code == MISSING and not self._ready.is_set() and self._attempts_left > 0:
            self._connection.channel(on_open_callback=lambda channel: self._channel_opened(channel, loss))
            return
        if self._connection.is_open:  # the broker closed the channel alone: treat the link as lost
            self._connection.close()
        self._lost(loss)

    def _lost(self, loss: Loss) -> None:
        if self._loss is None:
            self._loss = loss
            self._ready.set()
            self._on_lost(loss)

    def _ended(self, loss: Loss) -> None:
        self._lost(loss)
        self._connection.ioloop.stop()


def _loss(what: str, reason: Any) -> Loss:  # noqa: ANN401 - pika is untyped
    code, text = getattr(reason, "reply_code", 0), getattr(reason, "reply_text", None)
    return Loss(f"{what}: {text or repr(reason)}", code)


def _not_reached(error: BaseException) -> Loss:
    refused = pika.exceptions.AuthenticationError, pika.exceptions.ProbableAccessDeniedError
    is_refused = isinstance(error, (*refused, pika.exceptions.ProbableAuthenticationError))
    text = "the bus does not let this user in" if is_refused else "the bus cannot be reached"
    return Loss(f"{text}: {error!r}", REFUSED if is_refused else 0)
