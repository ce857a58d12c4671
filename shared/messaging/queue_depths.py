"""How many messages wait in which queue and how many consumers it has: over AMQP alone, or by RabbitMQ's management."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec
import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import Unavailable
from shared.messaging.settings import BusSettings
from shared.messaging.tls import pika_parameters

_SECONDS = 5.0
_LARGEST_REPLY = 32 * 1024 * 1024


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """One queue. Over AMQP `messages` are those that wait; the management's also count those being worked on."""

    name: str
    messages: int
    consumers: int


def depths_over_amqp(settings: BusSettings, names: Sequence[str]) -> list[QueueDepth]:
    """Return those of the named queues that exist, in their order; raises Unavailable."""
    parameters = pika_parameters(settings.amqp_url)
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = _SECONDS
    parameters.client_properties = {"connection_name": "queue depths"}
    try:
        connection = pika.BlockingConnection(parameters)
    except (pika.exceptions.AMQPError, OSError) as fault:
        raise Unavailable(f"the bus cannot be reached: {fault!r}") from None
    try:
        return _declared(connection, names)
    except pika.exceptions.AMQPError as fault:
        raise Unavailable(f"the broker refused: {fault!r}") from None
    finally:
        if connection.is_open:
            connection.close()


def depths_by_management(api: str, settings: BusSettings, prefixes: tuple[str, ...]) -> list[QueueDepth]:
    """Return the queues of the virtual host whose names begin so; `api` is `http://user:password@host:15672`.

    Where the broker keeps no statistics (they can be switched off, and a queue has none in its first seconds) each
    queue found is asked for over AMQP. Raises Unavailable.
    """
    told = [one for one in _managed(api, settings.amqp_url) if one["name"].startswith(prefixes)]
    if any(not {"messages", "consumers"} <= one.keys() for one in told):
        return depths_over_amqp(settings, sorted(one["name"] for one in told))
    depths = (QueueDepth(name=one["name"], messages=one["messages"], consumers=one["consumers"]) for one in told)
    return sorted(depths, key=lambda one: one.name)


def _managed(api: str, amqp_url: str) -> list[dict[str, Any]]:
    parts = urlsplit(api)
    vhost = quote(unquote(urlsplit(amqp_url).path[1:]) or "/", safe="")
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=parts.path.rstrip("/")))
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    request = urllib.request.Request(  # noqa: S310 - the operator's own setting, checked below
        f"{bare}/api/queues/{vhost}?columns=name,messages,consumers",
        headers={"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"},
    )
    if parts.scheme not in {"http", "https"}:
        raise Unavailable("BANYAN_RABBITMQ_API must be http://user:password@host:port")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - http or https, see above
            told: list[dict[str, Any]] = json.loads(answer.read(_LARGEST_REPLY))
    except (OSError, ValueError) as fault:
        raise Unavailable(f"RabbitMQ's management does not answer: {_in_words(fault)}") from None
    return told


def _declared(connection: Any, names: Sequence[str]) -> list[QueueDepth]:  # noqa: ANN401 - pika is untyped
    found = []
    channel = connection.channel()
    for name in names:
        try:
            told = channel.queue_declare(name, passive=True).method
        except pika.exceptions.ChannelClosedByBroker:  # there is no such queue; the channel is gone with the question
            channel = connection.channel()
        else:
            found.append(QueueDepth(name=name, messages=told.message_count, consumers=told.consumer_count))
    return found


def _in_words(fault: Exception) -> str:
    if isinstance(fault, urllib.error.HTTPError):
        return f"HTTP {fault.code}"
    return str(fault.reason) if isinstance(fault, urllib.error.URLError) else type(fault).__name__
