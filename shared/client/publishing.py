"""Publishing with confirms: what the broker has not taken over is an error."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types

from .errors import BanyanError, MessageTooLarge, NotAllowed, NotFound, TimedOut, Unavailable
from .link import MISSING, REFUSED, Link, Loss

_WINDOW = 1000
"""So many messages may be under way at once."""


@dataclass(frozen=True, slots=True)
class Message:
    """What to publish; `message_id` says that two messages are the same one (made up where there is none)."""

    exchange: str
    routing_key: str
    body: bytes
    message_id: str = ""
    headers: Mapping[str, object] = field(default_factory=dict)
    content_type: str = "application/json"
    mandatory: bool = True
    """Whether it is an error when no queue takes the message."""


@dataclass(slots=True, eq=False)
class _Sending:
    message: Message
    message_id: str
    error: BanyanError | None = None
    is_settled: bool = False


class ConfirmedLine:
    """One connection in confirm mode; belongs to one thread at a time."""

    def __init__(self, parameters: Any, name: str, connect_seconds: float, most_bytes: int) -> None:  # noqa: ANN401 - pika is untyped
        self._most_bytes = most_bytes
        self._tags = count(1)
        self._by_tag: dict[int, _Sending] = {}
        self._by_id: dict[str, _Sending] = {}
        self._all_settled = threading.Event()
        self._link = Link(parameters, name, set_up=self._set_up, on_lost=self._lost, connect_seconds=connect_seconds)

    @property
    def is_open(self) -> bool:
        """Whether messages can be published."""
        return self._link.is_open

    def publish(self, messages: Sequence[Message], timeout: float) -> list[BanyanError | None]:
        """Publish all within `timeout` seconds; return for each None, or why the broker has not taken it over."""
        deadline = time.monotonic() + timeout
        outcomes: list[BanyanError | None] = []
        for start in range(0, len(messages), _WINDOW):
            outcomes += self._publish(messages[start : start + _WINDOW], deadline - time.monotonic())
        return outcomes

    def close(self) -> None:
        """Disconnect."""
        self._link.close()

    def _publish(self, messages: Sequence[Message], timeout: float) -> list[BanyanError | None]:
        sendings = [_Sending(message, message.message_id or str(uuid4())) for message in messages]
        self._all_settled.clear()
        try:
            self._link.do(lambda: self._send(sendings))
        except Unavailable as fault:
            return [Unavailable(fault.message, may_have_happened=False) for _ in messages]
        is_settled = self._all_settled.wait(max(0.0, timeout))
        if not is_settled:
            self._link.close()  # a confirm that came later would be taken for that of a later message
        late = TimedOut(f"the broker has not confirmed within {timeout:g} s: publish again under the same message_id")
        return [one.error if one.is_settled else late for one in sendings]

    def _send(self, sendings: Sequence[_Sending]) -> None:
        numbered = [(next(self._tags), one) for one in sendings if self._fits(one)]
        self._by_tag.update(numbered)
        self._by_id = {one.message_id: one for _, one in numbered}
        for _, one in numbered:
            if not self._link.channel.is_open:
                break  # the loss of the channel tells all who wait
            message = one.message
            properties = pika.BasicProperties(
                content_type=message.content_type,
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=one.message_id,
                headers=dict(message.headers),
            )
            self._link.channel.basic_publish(
                message.exchange, message.routing_key, message.body, properties, mandatory=message.mandatory
            )
        self._note()

    def _fits(self, one: _Sending) -> bool:
        if len(one.message.body) <= self._most_bytes:
            return True
        size = len(one.message.body)
        error = MessageTooLarge(f"{size} bytes are over the limit of {self._most_bytes}", details={"bytes": size})
        one.error, one.is_settled = error, True
        return False

    def _set_up(self, channel: Any, done: Any, _before: Loss | None) -> None:  # noqa: ANN401 - pika is untyped
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=lambda _: done())

    def _returned(self, _channel: object, method: Any, properties: Any, _body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        if one := self._by_id.get(properties.message_id):
            where = f"exchange {method.exchange!r} with routing key {method.routing_key!r}"
            one.error = NotFound(f"no queue takes messages of {where}", details={"routing_key": method.routing_key})

    def _confirmed(self, frame: Any) -> None:  # noqa: ANN401 - pika is untyped
        tag, is_good = frame.method.delivery_tag, frame.method.NAME == "Basic.Ack"
        tags = [each for each in self._by_tag if each <= tag] if frame.method.multiple else [tag]
        for each in tags:
            if one := self._by_tag.pop(each, None):
                one.is_settled = True
                if not is_good:
                    one.error = Unavailable("the broker refused the message", may_have_happened=False)
        self._note()

    def _lost(self, loss: Loss) -> None:
        for one in self._by_tag.values():
            one.error, one.is_settled = _why(loss, one.message), True
        self._by_tag.clear()
        self._all_settled.set()

    def _note(self) -> None:
        if not self._by_tag:
            self._all_settled.set()


def _why(loss: Loss, message: Message) -> BanyanError:
    """Say what the loss means for one message: the broker names the exchange it objects to."""
    if f"'{message.exchange}'" in loss.text:
        if loss.code == MISSING:
            return NotFound(loss.text, details={"exchange": message.exchange})
        if loss.code == REFUSED:
            return NotAllowed(loss.text, details={"exchange": message.exchange})
    return Unavailable(loss.text)
