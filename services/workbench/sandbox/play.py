"""How CRM, ISMP and the SMS gateway answer: as the contract says, and then as they were told to misbehave."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from services.workbench.sandbox.behaviour import Behaviour, Draw, Failure, System, draw
from services.workbench.sandbox.book import Book
from services.workbench.sandbox.requests import Message, Order, read_messages, read_orders
from shared.kernel.faults import InvalidRequest

What = Literal["orders", "cancellations", "messages"]
_HOLD_SECONDS = 2.0
_ANSWERS = {"done": "done", "refused": "refused", "cancelled": "refused"}
_MESSAGES = {
    "refused": "沙箱拒绝 / refused by the sandbox",
    "cancelled": "已撤单 / taken back",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes over the wire; `is_cut` ends the connection in the middle of it."""

    status: int
    body: bytes
    kind: str = "application/json"
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, read."""

    system: System
    what: What
    items: Sequence[Order] | Sequence[Message]

    @property
    def names(self) -> list[str]:
        return [each.id if isinstance(each, Message) else each.order_id for each in self.items]


@dataclass(slots=True)
class _Held:
    """A request to be carried out behind others."""

    asked: _Asked
    behind: int
    since: float


class Play:
    """Plays the three systems; safe for many threads. What is repeated or put aside waits in memory."""

    def __init__(
        self, book: Book, *, wait: Callable[[float], object] = time.sleep, now: Callable[[], float] = time.time
    ) -> None:
        """Prepare; `wait` passes the seconds an answer is late by, `now` tells seconds since the epoch."""
        self.book = book
        self._wait, self._now = wait, now
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self._held: deque[_Held] = deque()

    def answer(self, system: System, what: What, body: bytes, key: str = "") -> Reply:
        """Answer one request of Banyan's; never raises for what the request holds."""
        try:
            items = read_messages(body) if what == "messages" else read_orders(body)
        except InvalidRequest as fault:
            self.book.note(system, what, key, 0, f"refused: {fault.message}", 400)
            return Reply(400, msgspec.json.encode({"error": "invalid_request", "message": fault.message}))
        asked = _Asked(system, what, items)
        behaviour = self.book.behaviour(system)
        with self._lock:
            self._numbers[system] += 1
            drawn = draw(behaviour, system, self._numbers[system], asked.names)
            reply = self._under(asked, drawn, behaviour)
            self._carry_out_held(passed=system)
            if drawn.is_repeated or drawn.is_put_aside:
                self._held.append(_Held(asked, drawn.behind, self._now()))
        self.book.note(system, what, key, len(items), drawn.told(), 0 if reply.is_cut else reply.status)
        if drawn.late:
            self._wait(drawn.late)
        return reply

    def behave(self, system: System, behaviour: Behaviour) -> None:
        """Let a system behave so from now on; its draws begin anew."""
        with self._lock:
            self._numbers[system] = 0
            self.book.behave(system, behaviour)

    def flush(self, *, older_than: float = 0) -> int:
        """Carry out what was repeated or put aside, if it has waited so many seconds; return how many requests."""
        with self._lock:
            until = self._now() - older_than
            due = [held for held in self._held if held.since <= until]
            self._held = deque(held for held in self._held if held.since > until)
            for held in due:
                self._carry_out(held.asked, self.book.behaviour(held.asked.system), frozenset())
        return len(due)

    def sweep(self) -> int:
        """Carry out what nothing came behind for two seconds."""
        return self.flush(older_than=_HOLD_SECONDS)

    def _under(self, asked: _Asked, drawn: Draw, behaviour: Behaviour) -> Reply:
        if drawn.is_put_aside:
            return _error(504, "put aside; carried out later")
        states: dict[str, str] = {}
        if drawn.carries_out:
            states = self._carry_out(asked, behaviour, drawn.left_undone | self._unwilling(asked, drawn))
        if drawn.failure:
            return _failed(drawn.failure, asked, states)
        rows = [row for name in asked.names if name not in drawn.left_out for row in [_row(asked, name, states)]]
        return Reply(200, msgspec.json.encode({"results": rows}))

    @staticmethod
    def _unwilling(asked: _Asked, drawn: Draw) -> frozenset[str]:
        return drawn.refused_cancellations if asked.what == "cancellations" else frozenset()

    def _carry_out(self, asked: _Asked, behaviour: Behaviour, without: frozenset[str]) -> dict[str, str]:
        """Do what is asked, except for some; return the state of each that was done."""
        messages = [each for each in asked.items if isinstance(each, Message) and each.id not in without]
        orders = [each for each in asked.items if isinstance(each, Order) and each.order_id not in without]
        if asked.what == "messages":
            return self.book.accept(messages, behaviour, self._now())
        if asked.what == "cancellations":
            return self.book.cancel(asked.system, orders)
        refused = frozenset(each.order_id for each in orders if behaviour.refuses(asked.system, each.order_id))
        return self.book.place(asked.system, orders, refused)

    def _carry_out_held(self, *, passed: System) -> None:
        """Let one more request have passed those of its system that wait; carry out those whose turn it is."""
        waiting: deque[_Held] = deque()
        for held in self._held:
            held.behind -= held.asked.system == passed
            if held.behind > 0:
                waiting.append(held)
            else:
                self._carry_out(held.asked, self.book.behaviour(held.asked.system), frozenset())
        self._held = waiting


def _row(asked: _Asked, name: str, states: dict[str, str]) -> dict[str, str]:
    state = states.get(name, "")
    if asked.what == "messages":
        return {"id": name, "status": state, "reason": _MESSAGES["refused"] if state == "rejected" else ""}
    if asked.what == "cancellations":
        status, message = ("done", "") if state else ("refused", "沙箱暂不撤单 / not taken back this time")
        return {"order_id": name, "status": status, "message": message}
    return {"order_id": name, "status": _ANSWERS[state], "message": _MESSAGES.get(state, "")}


def _failed(failure: Failure, asked: _Asked, states: dict[str, str]) -> Reply:
    """Answer wrongly, whether the request was carried out or not."""
    field = "id" if asked.what == "messages" else "order_id"
    done = "accepted" if asked.what == "messages" else "done"
    match failure:
        case "400" | "429" | "500" | "503":
            return _error(int(failure), "as the sandbox was told")
        case "cut":
            rows = [{field: name, "status": states.get(name, done)} for name in asked.names]
            return Reply(200, msgspec.json.encode({"results": rows}), is_cut=True)
        case "empty":
            return Reply(200, b"")
        case "html":
            return Reply(200, b"<html><body>Scheduled maintenance</body></html>", kind="text/html")
        case "malformed":
            return Reply(200, b'{"results": [{"' + field.encode() + b'": ')
        case "unknown_status":
            rows = [{field: name, "status": "pending"} for name in asked.names]
        case "wrong_ids":
            rows = [{field: f"wrong-{name}", "status": done} for name in asked.names]
    return Reply(200, msgspec.json.encode({"results": rows}))


def _error(status: int, message: str) -> Reply:
    return Reply(status, msgspec.json.encode({"error": f"http_{status}", "message": message}))
