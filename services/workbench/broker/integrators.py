"""The file of integrators: who connects, what each may call, which events it reads from which queues of its own."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from services.workbench.registry import CONTAINERS, SERVICES
from shared.kernel.faults import InvalidRequest

_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")
_RESERVED = {"amq", "rpc", "evt", "dead", "reply", "nameko", "guest", *SERVICES, *CONTAINERS}
FEEDS = ("customers", "events", "orders")


class FaultyIntegrators(InvalidRequest):
    """The file of integrators cannot be used; `details["faults"]` lists every fault with its place."""

    code = "faulty_integrators"


class Integrator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One integrator: `calls` are `container.method`, `queues` maps a queue to its events (`service.event`).

    `feeds` are the streams of customer_view it may publish to: customers, events, orders.
    """

    name: str
    calls: list[str] = []
    queues: dict[str, list[str]] = {}
    feeds: list[str] = []
    connections: int = 50
    """How many connections it may hold at once."""

    def events_by_source(self) -> dict[str, list[str]]:
        """Return the granted event types per service, both in order of name."""
        granted: dict[str, set[str]] = {}
        for event in (event for events in self.queues.values() for event in events):
            source, _, kind = event.partition(".")
            granted.setdefault(source, set()).add(kind)
        return {source: sorted(kinds) for source, kinds in sorted(granted.items())}


def read_integrators(path: Path, methods: Sequence[str], events: Sequence[str]) -> list[Integrator]:
    """Return the integrators of a file; raises FaultyIntegrators naming line, integrator and field of all faults.

    `methods` (`container.method`) and `events` (`service.event`) are those there are.
    """
    tree = _tree(path)
    faults: list[str] = []
    read: list[Integrator] = []
    for name, entry in tree.items():
        try:
            read.append(msgspec.convert({**(entry or {}), "name": name}, Integrator))
        except (msgspec.ValidationError, TypeError) as fault:
            faults.append(f"{path}: {name}: {fault}")
    refuse_faulty(read, methods, events, path, before=faults)
    return read


def refuse_faulty(
    read: Sequence[Integrator], methods: Sequence[str], events: Sequence[str], path: Path, before: Sequence[str] = ()
) -> None:
    """Raise FaultyIntegrators if any names what is not there or must not be, or if there were faults before."""
    faults = list(before)
    for one in read:
        faults += [f"{path}: {one.name}: {words}" for words in _faults_of(one, set(methods), set(events))]
    if faults:
        raise FaultyIntegrators("; ".join(faults), details={"faults": faults})


def add_integrator(path: Path, one: Integrator) -> None:
    """Append an integrator to the file; raises FaultyIntegrators when there is one of that name already."""
    if path.exists() and one.name in _tree(path):
        message = f"{path}: {one.name} is there already: change it in the file"
        raise FaultyIntegrators(message, details={"faults": [message]})
    entry: dict[str, Any] = {one.name: {"calls": one.calls, "queues": one.queues}}
    with path.open("a", encoding="utf-8") as file:
        file.write(yaml.safe_dump(entry, sort_keys=False, allow_unicode=True))


def queues_named_in(path: Path) -> list[str]:
    """Return the queues of all integrators in a file, in its order; raises FaultyIntegrators where it cannot be read.

    A file that is not there names none. Whether what it says makes sense is not asked.
    """
    entries = _tree(path).values() if path.exists() else ()
    named = [entry.get("queues") for entry in entries if isinstance(entry, dict)]
    return [str(queue) for queues in named if isinstance(queues, dict) for queue in queues]


def _tree(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise FaultyIntegrators(f"{path}: {fault}", details={"faults": [str(fault)]}) from None
    if not isinstance(tree, dict) or not all(isinstance(name, str) for name in tree):
        message = f"{path}: it must be a mapping of names"
        raise FaultyIntegrators(message, details={"faults": [message]})
    return tree


def _faults_of(one: Integrator, methods: set[str], events: set[str]) -> list[str]:
    found: list[str] = []
    if not _NAME.fullmatch(one.name) or one.name in _RESERVED or one.name.startswith("banyan"):
        found.append("the name must be 2 to 32 of a-z, 0-9, _ and none that Banyan or RabbitMQ uses")
    found += [f"calls: there is no method {call}" for call in one.calls if call not in methods]
    for queue, bound in one.queues.items():
        if not re.fullmatch(rf"{re.escape(one.name)}\.[a-z0-9_.-]+", queue):
            found.append(f"queues: {queue} must begin with {one.name}.")
        found += [f"queues.{queue}: there is no event {event}" for event in bound if event not in events]
    found += [f"feeds: there is no feed {feed}" for feed in one.feeds if feed not in FEEDS]
    if one.connections < 1:
        found.append("connections must be at least 1")
    return found
