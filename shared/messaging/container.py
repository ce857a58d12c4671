"""nameko's container and queue consumer, hardened: they survive what a message or a broker can do to them."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from amqp.exceptions import AMQPError
from eventlet.greenpool import GreenPool
from nameko.containers import ServiceContainer
from nameko.messaging import QueueConsumer

from shared.messaging.connections import BROKEN, kombu_queue, open_connection
from shared.messaging.couriers import BrokerCourier, Courier, EmbeddedCourier
from shared.messaging.declaring import Declarer
from shared.messaging.memory import SCHEME, Broker
from shared.messaging.settings import BusSettings
from shared.messaging.topology import service_of
from shared.observability.bus_figures import watch_pool

SETTINGS_KEY = "BANYAN_BUS"
URL_KEY = "AMQP_URI"
TIMERS_KEY = "BANYAN_TIMERS"
_GLANCE, _EMBEDDED_GLANCE = 0.5, 0.05  # seconds
_ASK_AGAIN = {"interval_start": 1.0, "interval_step": 1.0, "interval_max": 5.0}
"""Seconds between attempts to connect. kombu's own grow to 30, so long would a broker that is back wait for us."""
_log = structlog.get_logger(__name__)


class BusContainer(ServiceContainer):
    """Runs one service class; a class attribute `max_workers` overrides the bus settings."""

    def __init__(self, service_class: Any, config: Mapping[str, Any]) -> None:  # noqa: ANN401 - nameko classes have no base
        settings: BusSettings = config.get(SETTINGS_KEY) or BusSettings()
        self.settings = settings.for_service(service_of(service_class.name))
        super().__init__(service_class, {URL_KEY: self.settings.amqp_url, **config})
        self.max_workers: int = getattr(service_class, "max_workers", None) or self.settings.workers
        self._worker_pool = GreenPool(size=self.max_workers)
        watch_pool(self.service_name, self._worker_pool, self.max_workers)

    @property
    def is_busy(self) -> bool:
        """Whether a worker is running."""
        return bool(self._worker_threads)

    @property
    def has_died(self) -> bool:
        """Whether the container has ended, for whatever reason."""
        return bool(self._died.ready())

    @property
    def has_room(self) -> bool:
        """Whether a worker could start now without waiting."""
        return bool(self._worker_pool.free() > 0)

    def _run_worker(self, worker_ctx: Any, handle_result: Callable[..., Any] | None) -> None:  # noqa: ANN401 - nameko's
        with worker_ctx.entrypoint.watched.serving(worker_ctx):
            result = exc_info = None
            try:
                self._inject_dependencies(worker_ctx)
                self._worker_setup(worker_ctx)
                method = getattr(worker_ctx.service, worker_ctx.entrypoint.method_name)
                result = method(*worker_ctx.args, **worker_ctx.kwargs)
            except Exception:  # noqa: BLE001 - the message boundary: whatever happened becomes a fault
                exc_info = sys.exc_info()
            if handle_result is not None:
                result, exc_info = handle_result(worker_ctx, result, exc_info)
            self._worker_result(worker_ctx, result, exc_info)
            self._worker_teardown(worker_ctx)


class BusConsumer(QueueConsumer):
    """Consumes all queues of one container over one connection; reconnects for ever, keeps the heartbeat."""

    courier: Courier

    def __init__(self) -> None:
        super().__init__()
        self._heart = 0.0

    @property
    def connection(self) -> Any:  # noqa: ANN401 - kombu is untyped
        """A connection of kombu's to the bus, not opened yet."""
        settings = self.container.settings
        name = f"{self.container.service_name} consumer"
        return open_connection(self.amqp_uri, heartbeat=settings.heartbeat, name=name)

    def create_connection(self) -> Any:  # noqa: ANN401 - kombu is untyped
        """Return a fresh connection."""
        return self.connection

    @contextmanager
    def establish_connection(self) -> Iterator[Any]:
        """Connect, however long that takes, and close at the end of the block."""
        with self.create_connection() as connection:
            connection.ensure_connection(self.on_connection_error, **_ASK_AGAIN)
            yield connection

    def get_consumers(self, consumer_cls: Callable[..., Any], channel: Any) -> list[Any]:  # noqa: ANN401 - kombu's
        """Declare the queues and consume raw messages: what cannot be decoded must not be acknowledged by kombu."""
        self.courier = self._courier(channel)
        plans = {provider: provider.plan for provider in self._providers}
        if not self._is_embedded:
            declarer = Declarer(channel.connection)
            declarer.own(plans.values())
            declarer.close()
        for provider, plan in plans.items():
            consumer = consumer_cls(
                queues=[kombu_queue(plan)],
                on_message=partial(self._dispatch, provider),
                auto_declare=self._is_embedded,
            )
            consumer.qos(prefetch_count=self.prefetch_count)
            self._consumers[provider] = consumer
        return list(self._consumers.values())

    def run(self, **kwargs: Any) -> None:  # noqa: ANN401 - kombu's signature
        """Consume; how long a quiet consumer waits bounds how long stopping takes."""
        super().run(safety_interval=_EMBEDDED_GLANCE if self._is_embedded else _GLANCE, **kwargs)

    def on_iteration(self) -> None:
        """Keep the heartbeat under load too; end only when the work that was begun is acknowledged."""
        self._cancel_consumers_if_requested()
        if not self._consumers and not self.container.is_busy:
            self.should_stop = True

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        """Tell, and try again."""
        _log.warning("bus_unreachable", service=self.container.service_name, error=str(exc), retry_seconds=interval)

    def ack_message(self, message: Any) -> None:  # noqa: ANN401 - kombu's message
        """Acknowledge; a connection that broke meanwhile must not end the container: the broker delivers again."""
        try:
            super().ack_message(message)
        except BROKEN as fault:
            _log.warning("acknowledgement_not_sent", error=str(fault))

    def requeue_message(self, message: Any) -> None:  # noqa: ANN401 - kombu's message
        """Hand a message back; over a broken connection it is handed back already."""
        try:
            super().requeue_message(message)
        except BROKEN as fault:
            _log.warning("requeue_not_sent", error=str(fault))

    def reject_message(self, message: Any) -> None:  # noqa: ANN401 - kombu's message
        """Send a message to the dead-letter exchange of its queue."""
        if message.channel.connection:
            try:
                message.reject(requeue=False)
            except (AMQPError, OSError):
                _log.warning("reject_failed", queue=message.delivery_info.get("routing_key"))

    def _dispatch(self, provider: Any, message: Any) -> None:  # noqa: ANN401 - nameko's and kombu's
        self._tick(message.channel)
        if self.container.has_room:
            provider.handle_message(None, message)
        else:  # waiting for a worker in this thread would stop the heartbeat
            self.container.spawn_managed_thread(partial(provider.handle_message, None, message), identifier="waiting")

    def _tick(self, channel: Any) -> None:  # noqa: ANN401 - kombu's channel
        now = time.monotonic()
        if now - self._heart >= 1:
            self._heart = now
            if channel.connection and (client := getattr(channel.connection, "client", None)):
                client.heartbeat_check()

    @property
    def _is_embedded(self) -> bool:
        return bool(self.amqp_uri.startswith(f"{SCHEME}://"))

    def _courier(self, channel: Any) -> Courier:  # noqa: ANN401 - kombu's channel
        settings = self.container.settings
        if self._is_embedded:
            return EmbeddedCourier(channel, settings, Broker.named(self.amqp_uri.removeprefix(f"{SCHEME}://")))
        return BrokerCourier(channel.connection.channel(), settings)
