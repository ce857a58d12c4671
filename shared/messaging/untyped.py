"""kombu as mypy should see it: its annotations are partial, so whatever comes from it is Any, and named here once."""

from typing import Any

import kombu.connection
import kombu.entity
import kombu.messaging
import kombu.transport.pyamqp
import kombu.transport.virtual

AmqpConnection: Any = kombu.transport.pyamqp.Connection
AmqpTransport: Any = kombu.transport.pyamqp.Transport
Connection: Any = kombu.connection.Connection
Consumer: Any = kombu.messaging.Consumer
Exchange: Any = kombu.entity.Exchange
Queue: Any = kombu.entity.Queue
BrokerState: Any = kombu.transport.virtual.BrokerState
VirtualChannel: Any = kombu.transport.virtual.Channel
VirtualTransport: Any = kombu.transport.virtual.Transport
