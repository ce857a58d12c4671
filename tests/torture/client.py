"""One client process: `python -m tests.torture.client SETTINGS.json`. pika and the standard library alone.

It asks, confirms, releases, repeats and reorders as chance has it; every send and every answer goes to its log first.
Killed and started again it goes on from its log: what was not answered is asked again with the same ids.
"""

import heapq
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture import journal, wire
from tests.torture.fate import Step, steps
from tests.torture.line import Line, Lost
from tests.torture.traffic import CUSTOMER, Request, Scene, batch, opting_out

_PATIENCE = 12.0
_WINDOW = 4
_PAUSE = 0.3
_LONGEST_WAIT = 20.0
_MOST_TRIES = 200


@dataclass(slots=True)
class Call:
    """A call that has not been answered."""

    name: str
    kind: str
    service: str
    payload: list[Any]
    ask_again_at: float = 0.0
    tries: int = 0


class Client:
    """One client; its state is what its log says."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._scene = Scene.read(settings)
        self._number, self._ahead, self._share = settings["client"], settings["ahead"], settings["share"]
        self._progress, self._gate_file = Path(settings["progress"]), Path(settings["gate"])
        self._gate = 0.0  # nothing new is asked beyond this part of the share, so that no blow comes too late
        self._open: dict[str, Call] = {}
        self._known: set[str] = set()
        self._due: list[Step] = []
        self._answered, self._next, self._noted = 0, 0, 0.0
        self._ends: float | None = None
        self._recall(Path(settings["log"]))
        self._log = journal.Journal(Path(settings["log"]))
        self._line = Line(settings["amqp_url"], self._take)
        self._chance = random.Random(f"{self._scene.seed}/{self._number}/{self._next}/tricks")

    def run(self) -> None:
        """Go on until the client's share of requests is answered and nothing is left to do about them."""
        self._line.connect()
        while self._open or self._answered < self._share or self._due_soon():
            try:
                self._ask_again()
                self._start_something()
                self._line.listen(0.01)
            except Lost:
                self._line.connect()
                for call in self._open.values():
                    call.ask_again_at = 0.0
            self._note_progress()
        self._note_progress(is_done=True)

    def _recall(self, path: Path) -> None:
        for kind, at, name, *rest in journal.read(path):
            if kind == "sent":
                self._begin(Call(name, *rest))
            elif kind == "told":
                self._settle(name, rest[0], at)

    def _begin(self, call: Call) -> None:
        self._open[call.name] = call
        self._known.add(call.name)
        owner, _, rest = call.name.partition(".")
        if rest.isdigit() and int(owner) == self._number:
            self._next = max(self._next, int(rest) + 1)

    def _settle(self, name: str, answers: list[Any], now: float) -> None:
        """Close a call and plan what follows; a second answer to the same call changes nothing."""
        call = self._open.pop(name, None)
        if call is None:
            return
        if call.kind == "reserve":
            self._answered += len(answers)
            for step in steps(name, call.payload, answers, self._scene, self._ahead, now):
                heapq.heappush(self._due, step)
        elif name.endswith("/early"):
            unknown = [contact_id for contact_id, state, _ in answers if state == "unknown"]
            if unknown:
                heapq.heappush(self._due, Step(now + 1, f"{name}/again", call.kind, unknown))

    def _take(self, number: str, body: bytes) -> None:
        name = number.partition("#")[0]
        call = self._open.get(name)
        kind = call.kind if call else _kind_of(name)
        try:
            answers = wire.decode(kind, body)
        except wire.Fault as fault:
            self._log.write("fault", name, fault.code)
            if call is not None:
                call.ask_again_at = time.monotonic() + _PAUSE * (1 + self._chance.random())
            return
        self._log.write("told", name, answers)
        self._settle(name, answers, time.time())

    def _ask_again(self) -> None:
        now = time.monotonic()
        for call in [call for call in self._open.values() if call.ask_again_at <= now]:
            if call.tries > _MOST_TRIES:
                raise SystemExit(f"{call.name} was never answered")
            self._log.write("again", call.name)
            self._send(call)

    def _start_something(self) -> None:
        if len(self._open) >= _WINDOW:
            return
        if self._due and self._due[0].due <= time.time():
            step = heapq.heappop(self._due)
            if step.call not in self._known:
                self._ask(Call(step.call, step.kind, _pool(step.contact_ids), step.contact_ids))
        elif self._answered < self._share * self._gate:
            self._next_batch()

    def _next_batch(self) -> None:
        number, me = self._next, f"{self._number}.{self._next}"
        found = batch(self._scene, self._number, number)
        self._ask(Call(me, "reserve", found.service, found.requests))
        drawn = self._chance.random()
        if drawn < 0.06:
            self._ask(Call(f"{me}/twin", "reserve", found.service, found.requests))
        elif drawn < 0.10 and number:
            owner, old = self._chance.randrange(self._scene.clients), self._chance.randrange(number)
            again = batch(self._scene, owner, old)
            self._ask(Call(f"{me}/old", "reserve", again.service, again.requests))
        elif drawn < 0.15:
            early = [one[0] for one in found.requests[::9]]
            self._ask(Call(f"{me}/early", "release", _pool(early), early))
        leaving = opting_out(self._number, number)
        if leaving is not None:
            self._opt_out(me, leaving, found.requests)

    def _opt_out(self, me: str, customer: str, requests: Sequence[Request]) -> None:
        if self._chance.random() < 0.5:
            self._ask(Call(f"{me}/list", "list_put", "governance", [customer]))
        else:
            contact_id = next(one[0] for one in requests if one[CUSTOMER] == customer)
            self._ask(Call(f"{me}/stop", "outcome", "channels", [contact_id, customer]))

    def _ask(self, call: Call) -> None:
        self._log.write("sent", call.name, call.kind, call.service, call.payload)
        self._begin(call)
        self._send(call)

    def _send(self, call: Call) -> None:
        call.tries += 1
        call.ask_again_at = time.monotonic() + _PATIENCE
        if call.kind == "outcome":
            contact_id, customer = call.payload
            body = wire.opt_out_event(contact_id, customer, self._scene.begins_at)
            for _ in range(2):  # delivered twice, as events may be
                self._line.tell("outcomes_recorded", call.name, body)
            self._log.write("told", call.name, ["taken"])
            self._settle(call.name, ["taken"], time.time())
        else:
            number = f"{call.name}#{call.tries}"
            self._line.ask(call.service, call.kind, number, wire.encode(call.kind, call.payload))

    def _due_soon(self) -> bool:
        """Tell whether something is due before the end: contacts lapse for hours, and nobody waits for all of them."""
        if self._ends is None and self._answered >= self._share:
            self._ends = time.time() + _LONGEST_WAIT
        return bool(self._due) and self._due[0].due < (self._ends or time.time() + _LONGEST_WAIT)

    def _note_progress(self, *, is_done: bool = False) -> None:
        now = time.monotonic()
        if is_done or now > self._noted + _PAUSE:
            self._noted = now
            self._gate = float(self._gate_file.read_text("ascii"))
            partial = self._progress.with_suffix(".partial")
            partial.write_text(json.dumps({"answered": self._answered, "is_done": is_done}), "ascii")
            partial.replace(self._progress)


def _pool(items: Sequence[object]) -> str:
    return "governance" if len(items) <= 100 and random.random() < 0.7 else "governance_bulk"


def _kind_of(name: str) -> str:
    """Return the kind of a call that was answered before, by its name."""
    last = name.replace("/again", "").rpartition("/")[2] if "/" in name else ""
    kinds = {"confirm": "confirm", "late": "confirm", "release": "release", "early": "release", "list": "list_put"}
    return kinds.get(last, "reserve")


if __name__ == "__main__":
    Client(json.loads(Path(sys.argv[1]).read_text("utf-8"))).run()
