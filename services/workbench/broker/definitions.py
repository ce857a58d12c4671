"""RabbitMQ's definitions: virtual host, users, permissions, exchanges, queues, bindings and policies as one document.

Read from the service classes and the file of integrators, so that it cannot differ from what services declare.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.workbench.broker.integrators import FEEDS, Integrator
from services.workbench.broker.passwords import ALGORITHM
from services.workbench.broker.surface import Surface
from services.workbench.broker.users import User, all_users
from services.workbench.registry import SERVICES
from shared.messaging import topology
from shared.messaging.roll_call import ROLL_CALL
from shared.messaging.settings import BusSettings
from shared.messaging.stream_queue import FEED_EXCHANGE, STREAM_ARGUMENTS, stream_queue
from shared.messaging.wire import DEAD_EXCHANGE

VHOST = "banyan"
Document = dict[str, Any]
_GIBIBYTE = 1024**3
_REPLIES_LIVE = 3_600_000  # ms without a reader


def definitions(
    settings: BusSettings, offered: Surface, integrators: Sequence[Integrator], hashes: Mapping[str, str]
) -> Document:
    """Return the document that `load_definitions` and the management's API take.

    `hashes` holds the password's hash per user; a user without one cannot log in by password.
    """
    users = all_users(integrators, offered.sources)
    plans = [*offered.queues, *_feed_queues(), *_integrators_queues(integrators, settings)]
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(user, hashes.get(user.name, "")) for user in users],
        "permissions": [_permission(user) for user in users],
        "topic_permissions": [one for user in users for one in _topics(user)],
        "exchanges": _exchanges(plans),
        "queues": [_queue(plan) for plan in plans],
        "bindings": sorted(_bindings(plans, integrators), key=str),
        "policies": list(_policies(integrators)),
    }


def _integrators_queues(integrators: Sequence[Integrator], settings: BusSettings) -> list[topology.QueuePlan]:
    """Return integrators' queues and where their overflow and what they reject is parked."""
    plans: list[topology.QueuePlan] = []
    for name in (queue for one in integrators for queue in one.queues):
        dead = topology.dead_queue(name, settings)
        parking = {"x-dead-letter-exchange": DEAD_EXCHANGE, "x-dead-letter-routing-key": dead.name}
        plans += [dead, topology.QueuePlan(name, arguments=dead.arguments | parking)]
    return plans


def _feed_queues() -> list[topology.QueuePlan]:
    """Return the streams that BOSS publishes to and `banyan feeds follow` reads."""
    return [topology.QueuePlan(stream_queue(name), FEED_EXCHANGE, name, STREAM_ARGUMENTS) for name in FEEDS]


def _user(user: User, kept: str) -> Document:
    return {
        "name": user.name,
        "password_hash": kept,
        "hashing_algorithm": ALGORITHM,
        "tags": list(user.tags),
        "limits": dict(user.limits),
    }


def _permission(user: User) -> Document:
    may = user.permission
    return {"user": user.name, "vhost": VHOST, "configure": may.configure, "write": may.write, "read": may.read}


def _topics(user: User) -> Iterable[Document]:
    for exchange, (write, read) in user.topics.items():
        yield {"user": user.name, "vhost": VHOST, "exchange": exchange, "write": write, "read": read}


def _exchanges(plans: Iterable[topology.QueuePlan]) -> list[Document]:
    kinds = {plan.exchange: plan.exchange_type for plan in plans if plan.exchange}
    kinds |= {f"{service}.events": "topic" for service in SERVICES} | {ROLL_CALL: "fanout"}
    common = {"vhost": VHOST, "durable": True, "auto_delete": False, "internal": False, "arguments": {}}
    return [{"name": name, "type": kind, **common} for name, kind in sorted(kinds.items())]


def _queue(plan: topology.QueuePlan) -> Document:
    return {
        "name": plan.name,
        "vhost": VHOST,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(sorted(plan.arguments.items())),
    }


def _bindings(plans: Iterable[topology.QueuePlan], integrators: Iterable[Integrator]) -> Iterable[Document]:
    for plan in plans:
        if plan.exchange:
            yield _binding(plan.exchange, plan.name, plan.routing_key)
    for one in integrators:
        for queue, events in one.queues.items():
            for event in events:
                source, _, kind = event.partition(".")
                yield _binding(f"{source}.events", queue, kind)


def _binding(source: str, queue: str, key: str) -> Document:
    common = {"vhost": VHOST, "destination_type": "queue", "arguments": {}}
    return {"source": source, "destination": queue, "routing_key": key, **common}


def _policies(integrators: Sequence[Integrator]) -> Iterable[Document]:
    """Bound what somebody outside can make grow, without stopping anybody else.

    Integrators' queues do not refuse: one that is full would have the broker refuse an event for all its readers, and
    the outbox stop. The oldest go to the queue's dead letters instead, from which they can be replayed, and are lost
    only where these are full as well. Requests are refused: each goes to one queue, and its sender is told at once.
    """
    dropping = {"max-length-bytes": _GIBIBYTE, "overflow": "drop-head"}
    yield _policy("replies", r"^(amq\.gen-|rpc\.reply-|reply\.)", {"expires": _REPLIES_LIVE, **dropping})
    yield _policy("requests", r"^rpc-", {"max-length-bytes": _GIBIBYTE, "overflow": "reject-publish"})
    yield _policy("parked-requests", r"^dead\.rpc-", dropping)
    if names := "|".join(one.name for one in integrators if one.queues):
        yield _policy("integrators", rf"^(dead\.)?({names})\.", dropping)


def _policy(name: str, pattern: str, definition: Document) -> Document:
    return {
        "vhost": VHOST,
        "name": name,
        "pattern": pattern,
        "apply-to": "queues",
        "definition": definition,
        "priority": 1,
    }
