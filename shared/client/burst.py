"""Many calls over one line: each answer sends the next request from within the connection's thread."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import BanyanError, Unavailable
from .line import Line, Pending, timed_out

Call = tuple[str, str, Mapping[str, object]]
"""Service, method, arguments."""


class Burst:
    """Asks all, at most `in_flight` at a time."""

    def __init__(self, line: Line, calls: Sequence[Call], in_flight: int, headers: Mapping[str, str]) -> None:
        self._line, self._headers = line, headers
        self._rest = iter(calls)
        self._in_flight, self._under_way = in_flight, 0
        self._asked: list[Pending] = []
        self._settled, self._total = 0, len(calls)
        self._all_done = threading.Event()
        self._is_filling = False

    def run(self, timeout: float) -> list[Any | BanyanError]:
        """Return outcomes in order; `timeout` bounds the wait for each next answer."""
        self._timeout = timeout
        if self._total:
            self._line.do(self._fill)
            before = -1
            while not self._all_done.wait(timeout) and before != self._settled:
                before = self._settled
        unsent = self._total - len(self._asked)
        lost = [Unavailable("not asked: others got no answer", may_have_happened=False) for _ in range(unsent)]
        return [*(self._outcome(pending) for pending in list(self._asked)), *lost]

    def _fill(self) -> None:
        if self._is_filling:
            return  # a call that could not be sent was settled at once: whoever sends now goes on
        self._is_filling = True
        while self._line.is_open and self._under_way < self._in_flight:
            call = next(self._rest, None)
            if call is None:
                break
            self._send(*call)
        self._is_filling = False
        if self._settled == self._total or not self._line.is_open:
            self._all_done.set()

    def _send(self, service: str, method: str, arguments: Mapping[str, object]) -> None:
        pending = self._line.enlist(service, method, self._timeout)
        self._asked.append(pending)
        try:
            body = self._line.encoded(service, method, arguments)
        except BanyanError as error:
            self._line.forget(pending)
            pending.error = error
            pending.done.set()
            self._settled += 1
            return
        self._under_way += 1
        pending.then = self._advance
        self._line.send(pending, body, self._headers)

    def _advance(self) -> None:
        self._under_way -= 1
        self._settled += 1
        self._fill()

    def _outcome(self, pending: Pending) -> Any | BanyanError:  # noqa: ANN401 - whatever the method tells
        if not pending.done.is_set():
            self._line.forget(pending)
            return timed_out(pending)
        try:
            return pending.outcome(self._line.limits.codec)
        except BanyanError as error:
            return error
