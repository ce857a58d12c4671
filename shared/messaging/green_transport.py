"""kombu's AMQP transport for processes in which one green thread reads a connection and many write to it.

py-amqp looks for a `connection.blocked` before it publishes, by reading from the socket in whichever green thread
publishes. Beside the thread that reads already this ends the container by TLS ("second simultaneous read"), and could
take the middle of a frame away without it. That thread sees the notice anyway, so publishers do not look.
"""

from typing import Any

from shared.messaging.untyped import AmqpConnection, AmqpTransport


class ReadByOneConnection(AmqpConnection):
    """Is read by whoever waits for something; never in passing."""

    def drain_events(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - kombu's signature
        """Read and handle what comes within `timeout` seconds; raises TimeoutError when nothing does."""
        if timeout == 0:
            raise TimeoutError
        return super().drain_events(timeout=timeout)


class GreenTransport(AmqpTransport):
    """kombu's transport with such connections."""

    Connection = ReadByOneConnection
