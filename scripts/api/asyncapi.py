"""The AsyncAPI 3 document: every method as request and reply, every event, and the queues that hear it."""

from collections.abc import Mapping
from typing import Any

from scripts.api import feeds, messages
from scripts.api.fault_codes import codes_of, read_codes
from scripts.api.promises import limits_of, repeat_of
from scripts.api.reading import Handler, Method, event_bodies, read_handlers, read_methods
from scripts.api.schemas import schemas_of
from services.workbench.registry import SERVICES
from shared.contracts import VERSION
from shared.messaging.stream_queue import FEED_EXCHANGE
from shared.messaging.wire import RPC_EXCHANGE

VHOST = "banyan"
_ANYWHERE = {"vhost": VHOST, "durable": True, "autoDelete": False}
_INTRODUCTION = """\
Requests, replies and events of Banyan over RabbitMQ (AMQP 0-9-1). The frames, with examples, are in
docs/wire-protocol.md, what is meant by them in docs/integration.md. `$message.header#/…` also stands for the AMQP
property of that name. Generated from the service classes by `python -m scripts.publish_api`."""


def asyncapi(version: str) -> dict[str, Any]:
    """Return the document for a release of that number."""
    methods, handlers = read_methods(), read_handlers()
    bodies, codes = event_bodies(handlers), read_codes()
    kinds = [kind for each in methods for kind in (*(one.kind for one in each.arguments), each.tells)]
    schemas, components = schemas_of([*kinds, *bodies.values()])
    told = dict(zip(bodies, schemas[len(kinds) :], strict=True))
    return {
        "asyncapi": "3.0.0",
        "id": "urn:banyan:bus",
        "info": _info(version),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": _channels(methods, handlers, told),
        "operations": _operations(methods, handlers, told),
        "components": {
            "messages": {
                **_messages(methods, schemas, told, components),
                **feeds.messages(),
                "fault": messages.fault(codes),
            },
            "messageTraits": messages.traits(),
            "schemas": components,
            "securitySchemes": {"user": {"type": "userPassword", "description": "a RabbitMQ user of your own"}},
        },
        "x-faults-of": {service: codes_of(service, codes) for service in SERVICES},
        "x-fault-codes": {
            name: {"means": code.means, "answered": code.is_answered, "of": list(code.owners)}
            for name, code in codes.items()
        },
    }


def _info(version: str) -> dict[str, Any]:
    return {
        "title": "Banyan on the bus",
        "version": version,
        "description": _INTRODUCTION,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "x-contract-version": VERSION,
    }


def _servers() -> dict[str, Any]:
    def server(port: int, protocol: str) -> dict[str, Any]:
        return {
            "host": f"{{host}}:{port}",
            "pathname": f"/{VHOST}",
            "protocol": protocol,
            "protocolVersion": "0.9.1",
            "variables": {"host": {"default": "localhost"}},
            "security": [{"$ref": "#/components/securitySchemes/user"}],
        }

    return {"plain": server(5672, "amqp"), "tls": server(5671, "amqps")}


def _channels(methods: list[Method], handlers: list[Handler], told: Mapping[str, Any]) -> dict[str, Any]:
    channels = {each.address: _request_channel(each) for each in methods}
    channels["reply"] = _reply_channel(methods)
    for event in told:
        exchange, _, event_type = event.partition("/")
        channels[_key(event)] = {
            "address": event_type,
            "messages": {event_type: _ref("components/messages", _key(event))},
            "bindings": _routed(exchange),
        }
    for each in handlers:
        channels[each.queue] = {
            "address": each.queue,
            "description": f"Bound to {each.source}.events with {each.event_type}; shared by all replicas.",
            "messages": {each.event_type: _ref("components/messages", _key(each.event))},
            "bindings": {"amqp": _queue(each.queue)},
            "x-dead-letter-queue": f"dead.{each.queue}",
        }
    return channels | feeds.channels(_routed(FEED_EXCHANGE))


def _request_channel(method: Method) -> dict[str, Any]:
    queue = f"rpc-{method.container}"
    return {
        "address": method.address,
        "messages": {"request": _ref("components/messages", f"{method.address}.request")},
        "bindings": _routed(RPC_EXCHANGE),
        "x-queue": queue,
        "x-dead-letter-queue": f"dead.{queue}",
    }


def _reply_channel(methods: list[Method]) -> dict[str, Any]:
    replies = {each.address: _ref("components/messages", f"{each.address}.reply") for each in methods}
    return {
        "address": None,
        "description": (
            "Routing key reply.<user>.<uuid4> on nameko-rpc, where <user> is the caller's RabbitMQ user; he binds an"
            " unnamed exclusive queue of his own with it."
        ),
        "messages": replies | {"fault": _ref("components/messages", "fault")},
        "bindings": _routed(RPC_EXCHANGE),
    }


def _operations(methods: list[Method], handlers: list[Handler], told: Mapping[str, Any]) -> dict[str, Any]:
    operations = {each.address: _answering(each) for each in methods}
    for event in told:
        channel = f"channels/{_key(event)}/messages"
        operations[f"tell.{_key(event)}"] = {
            "action": "send",
            "channel": _ref("channels", _key(event)),
            "messages": [_ref(channel, event.partition("/")[2])],
            "bindings": {"amqp": {"deliveryMode": 2, "mandatory": False, "bindingVersion": "0.3.0"}},
        }
    for each in handlers:
        operations[f"hear.{each.container}.{each.name}"] = {
            "action": "receive",
            "summary": each.says,
            "channel": _ref("channels", each.queue),
            "messages": [_ref(f"channels/{each.queue}/messages", each.event_type)],
            "bindings": {"amqp": {"ack": True, "bindingVersion": "0.3.0"}},
        }
    return operations | feeds.operations()


def _answering(method: Method) -> dict[str, Any]:
    repeat = repeat_of(method)
    return {
        "action": "receive",
        "summary": method.says,
        "channel": _ref("channels", method.address),
        "messages": [_ref(f"channels/{method.address}/messages", "request")],
        "reply": {
            "address": {"location": "$message.header#/reply_to"},
            "channel": _ref("channels", "reply"),
            "messages": [_ref("channels/reply/messages", method.address), _ref("channels/reply/messages", "fault")],
        },
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "ack": True, "bindingVersion": "0.3.0"}},
        "tags": [{"name": method.container}],
        "x-limits": limits_of(method),
        "x-repeat": {"by": list(repeat.by), "then": repeat.then},
    }


def _messages(
    methods: list[Method], schemas: list[dict[str, Any]], told: Mapping[str, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    made, rest = {}, iter(schemas)
    for each in methods:
        made[f"{each.address}.request"] = messages.request(each, [next(rest) for _ in each.arguments])
        made[f"{each.address}.reply"] = messages.reply(each, next(rest))
    for event, body in told.items():
        says = components[body["$ref"].rpartition("/")[2]]["description"]
        made[_key(event)] = messages.event(event, body, says)
    return made


def _routed(exchange: str) -> dict[str, Any]:
    named = {"name": exchange, "type": "topic", **_ANYWHERE}
    return {"amqp": {"is": "routingKey", "exchange": named, "bindingVersion": "0.3.0"}}


def _queue(name: str) -> dict[str, Any]:
    return {"is": "queue", "queue": {"name": name, "exclusive": False, **_ANYWHERE}, "bindingVersion": "0.3.0"}


def _key(event: str) -> str:
    return event.replace("/", ".")


def _ref(folder: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/{folder}/{name}"}
