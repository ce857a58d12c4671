"""What the outside relies on, as plain data read from the code: names on the bus, methods, messages, fault codes."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from scripts.api.fault_codes import read_codes
from scripts.api.feeds import feed_names
from scripts.api.reading import event_bodies, read_handlers
from services.workbench.registry import CONTAINERS, SERVICES, class_of
from shared.messaging import topology
from shared.messaging.health import Health
from shared.messaging.settings import BusSettings

FOLDER = Path(__file__).parent
CONTRACTS = ("campaigns", "catalogue", "channels", "customer_view", "decisions", "governance", "plan", "wire")
_ROW = re.compile(r"^\| (?P<heads>[^|]+) \| (?P<pool>[^|]+) \|", re.MULTILINE)
_EVENTS = re.compile(r"Events? out: (?P<names>[^.]+)\.")
_HEAD = re.compile(r"(?P<names>[a-z_]+(?: / [a-z_]+)*) ?\((?P<arguments>[^)]*)\)")


def topology_snapshot() -> dict[str, Any]:
    """Return exchanges, events with the types of their bodies, and queues with their bindings, as set by default."""
    plans = topology.queues_of([class_of(name) for name in CONTAINERS], BusSettings())
    work = [plan for plan in plans if not plan.name.startswith(("dead.", "banyan.retry."))]
    fed = feed_names()
    exchanges = {plan.exchange: plan.exchange_type for plan in plans} | fed["exchanges"]
    return {
        "exchanges": dict(sorted(exchanges.items())),
        "events": _events(work),
        "event_bodies": {event: _word(body) for event, body in event_bodies(read_handlers()).items()},
        "queues": {plan.name: [plan.exchange, plan.routing_key, plan.arguments] for plan in plans} | fed["queues"],
    }


def methods_snapshot() -> dict[str, Any]:
    """Return per container its methods with the names and types of parameters (`= default`) and of the answer."""
    return {container: dict(sorted(_methods(class_of(container)))) for container in sorted(CONTAINERS)}


def codes_snapshot() -> dict[str, Any]:
    """Return the codes of faults, each with the packages that answer it."""
    return {code.name: list(code.owners) for code in read_codes().values()}


def schemas_snapshot() -> dict[str, Any]:
    """Return the JSON Schema of every struct of the contracts, by name."""
    _, components = msgspec.json.schema_components(structs(), schema_hook=_anything, ref_template="#/{name}")
    return {name: _without_prose(schema) for name, schema in sorted(components.items())}


def structs() -> list[type[msgspec.Struct]]:
    """Return the structs that the contract modules define, in order of module and name."""
    found = []
    for module in map(_contract, CONTRACTS):
        mine = [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__]
        found += [one for one in mine if issubclass(one, msgspec.Struct)]
    return sorted([*found, Health], key=lambda one: (one.__module__, one.__name__))


def documented_methods() -> Iterator[tuple[str, str, list[str]]]:
    """Yield (container, method, names of arguments) as the tables in the contracts' docstrings promise them."""
    for service in SERVICES:
        for row in _ROW.finditer(_contract(service).__doc__ or ""):
            head = _HEAD.fullmatch(row["heads"].strip())
            if head is None:
                continue
            arguments = [name.strip() for name in head["arguments"].split(",") if name.strip()]
            for method in head["names"].split(" / "):
                for container in _containers(service, row["pool"].strip()):
                    yield container, method, arguments


def promised_events() -> dict[str, list[str]]:
    """Return per service the events that its contract's docstring says it tells, sorted."""
    told = {}
    for service in SERVICES:
        line = _EVENTS.search(_contract(service).__doc__ or "")
        told[f"{service}.events"] = sorted(re.findall(r"`([a-z_]+)`", line["names"])) if line else []
    return told


def _containers(service: str, pool: str) -> list[str]:
    bulk = f"{service}{topology.BULK_SUFFIX}"
    match pool.split(maxsplit=1)[0]:
        case "interactive":
            return [service]
        case "bulk":
            return [bulk, service] if "interactive" in pool else [bulk]
        case "both":
            return [service, bulk]
        case other:
            msg = f"{service}: no pool is called {other!r}"
            raise ValueError(msg)


def _events(work: Iterable[topology.QueuePlan]) -> dict[str, list[str]]:
    heard: dict[str, set[str]] = {}
    for plan in work:
        if plan.name.startswith("evt-"):
            heard.setdefault(plan.exchange, set()).add(plan.routing_key)
    return {exchange: sorted(types) for exchange, types in sorted(heard.items())}


def _methods(cls: type) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, _ in topology.entrypoints_of(cls, "Rpc"):
        yield name, _signature(getattr(cls, name))


def _signature(method: Any) -> dict[str, Any]:
    hints = get_type_hints(method, include_extras=True)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    asks = {
        each.name: _word(hints[each.name]) + ("" if each.default is each.empty else f" = {each.default!r}")
        for each in parameters
    }
    return {"asks": asks, "tells": _word(hints["return"])}


def _anything(kind: type) -> dict[str, Any]:
    """Describe `object`: an inline rule may hold any JSON. Raises NotImplementedError for other types."""
    if kind is object:
        return {"$comment": "any JSON"}
    raise NotImplementedError(kind)


def _without_prose(schema: Any) -> Any:
    """Leave descriptions out: a better sentence changes no contract."""
    match schema:
        case dict():
            return {key: _without_prose(value) for key, value in schema.items() if key not in {"description", "title"}}
        case list():
            return [_without_prose(value) for value in schema]
        case other:
            return other


def _word(hint: Any) -> str:
    return inspect.formatannotation(hint).replace("typing.", "").replace("shared.contracts.", "")


def _contract(name: str) -> Any:
    return import_module(f"shared.contracts.{name}")
