"""Open a connection to the bus: RabbitMQ, or the embedded broker, by the scheme of the address."""

import socket
from typing import Any

from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from shared.messaging.green_transport import GreenTransport
from shared.messaging.memory import SCHEME, Transport
from shared.messaging.tls import kombu_address
from shared.messaging.tolerant_amqp import install as tolerate_unreadable_properties
from shared.messaging.topology import QueuePlan
from shared.messaging.untyped import Connection, Exchange, Queue

BROKEN = (AMQPError, OperationalError, OSError)
"""What is raised when the connection went away: the broker delivers again what was not acknowledged."""

tolerate_unreadable_properties()

# Publishers and quiet consumers would notice a broker that vanished only after hours.
_KEEPALIVE = {
    socket.TCP_KEEPIDLE: 20,
    socket.TCP_KEEPINTVL: 10,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 30_000,
}


def open_connection(url: str, *, heartbeat: int, name: str) -> Any:  # noqa: ANN401 - kombu is untyped
    """Return kombu's (lazy) connection; `name` is what the broker's console shows."""
    if url.startswith(f"{SCHEME}://"):
        return Connection(url, transport=Transport)
    options = {"socket_settings": _KEEPALIVE, "client_properties": {"connection_name": name}}
    address, secured = kombu_address(url)
    return Connection(
        address, transport=GreenTransport, heartbeat=heartbeat, transport_options=options, ssl=secured or False
    )


def kombu_exchange(plan: QueuePlan) -> Any:  # noqa: ANN401 - kombu is untyped
    """Return the exchange of a plan."""
    return Exchange(plan.exchange, type=plan.exchange_type, durable=True)


def kombu_queue(plan: QueuePlan) -> Any:  # noqa: ANN401 - kombu is untyped
    """Return a plan as kombu's queue, ready to be declared with its exchange and binding."""
    return Queue(
        plan.name,
        exchange=kombu_exchange(plan),
        routing_key=plan.routing_key,
        durable=not plan.is_exclusive,
        exclusive=plan.is_exclusive,
        auto_delete=plan.is_exclusive,
        queue_arguments=plan.arguments,
    )
