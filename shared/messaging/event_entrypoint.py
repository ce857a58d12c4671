"""The `event` entrypoint: nameko's, which would lose an event whose handler raises, with retries and parking."""

import re
from functools import partial
from typing import Any

import eventlet
import msgspec
import structlog
from nameko.events import EventHandler as NamekoEventHandler
from nameko.exceptions import ContainerBeingKilled

from shared.kernel.faults import Fault, InvalidRequest
from shared.messaging import topology, wire
from shared.messaging.connections import BROKEN, kombu_queue
from shared.messaging.container import BusConsumer
from shared.messaging.signature import Signature, refuse_nul
from shared.messaging.tolerant_amqp import unreadable
from shared.messaging.watched import HANDLED, Watched

_log = structlog.get_logger(__name__)
_COURIER_PAUSE = 1.0
_ID = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")


class EventHandler(NamekoEventHandler):
    """Calls a method with (event id, typed event); retries what fails, with growing delays, then parks it."""

    queue_consumer = BusConsumer()

    def setup(self) -> None:
        """Read the annotation of the event and name the queue."""
        service, settings = self.container.service_name, self.container.settings
        self.plan = topology.event_queue(self.source_service, self.event_type, service, self.method_name, settings)
        self.queue = kombu_queue(self.plan)
        types = Signature(getattr(self.container.service_cls, self.method_name)).types
        self.decoder = msgspec.json.Decoder(list(types.values())[1])
        self.watched = Watched.event(service, self.method_name, self.source_service, self.event_type)
        self.queue_consumer.register_provider(self)

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Start a worker for the event; one that cannot be read is parked at once."""
        if (reason := unreadable(message.headers)) is not None:
            _log.error("event_parked", queue=self.queue.name, error=reason)
            self.queue_consumer.reject_message(message)  # the broker parks it as it is, properties and all
            return
        try:
            event_id, event = self._read(message)
        except (Fault, msgspec.MsgspecError, *wire.NO_JSON) as fault:
            error = f"unreadable: {fault}"
            self.container.spawn_managed_thread(partial(self._fail, message, error, final=True), identifier="parking")
            return
        handle_result = partial(self.handle_result, message)
        try:
            self.container.spawn_worker(
                self, (event_id, event), {}, context_data=dict(message.headers), handle_result=handle_result
            )
        except ContainerBeingKilled:
            self.queue_consumer.requeue_message(message)

    def _read(self, message: Any) -> tuple[str, Any]:  # noqa: ANN401 - kombu's message
        """Return id and content of an event; raises what says why it cannot be read."""
        event_id = message.headers.get(wire.EVENT_ID) or message.properties.get("message_id")
        if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
            raise InvalidRequest(
                "the event has no id of 1 to 200 printable characters", details={"field": wire.EVENT_ID}
            )
        if (size := len(message.body)) > self.container.settings.max_message_bytes:
            raise InvalidRequest(f"{size} bytes are more than this service permits")
        event = self.decoder.decode(message.body)
        refuse_nul(message.body.encode() if isinstance(message.body, str) else bytes(message.body))
        return event_id, event

    def handle_result(self, message: Any, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> tuple[Any, Any]:  # noqa: ANN401 - nameko is untyped
        """Acknowledge, or see to it that the event comes again."""
        if exc_info is None:
            self.queue_consumer.ack_message(message)
            self.watched.ended(worker_ctx, HANDLED)
        else:
            worker_ctx.span.fail(getattr(exc_info[1], "code", None) or type(exc_info[1]).__name__)
            _log.warning("event_failed", queue=self.queue.name, exc_info=exc_info)
            self._fail(message, f"{type(exc_info[1]).__name__}: {exc_info[1]}", final=False)
        return result, exc_info

    def _fail(self, message: Any, error: str, *, final: bool) -> None:  # noqa: ANN401 - kombu's message
        courier, queue = self.queue_consumer.courier, self.queue.name
        attempt = wire.attempts(message.headers) + 1
        try:
            outcome = "retried"
            if final or not courier.retry(message, queue, attempt, error):
                outcome = "parked"
                _log.error("event_parked", queue=queue, error=error)
                courier.park(message, queue, error)
        except (Fault, *BROKEN) as fault:
            _log.warning("event_requeued", queue=queue, error=str(fault))
            eventlet.sleep(_COURIER_PAUSE)  # or a broker that cannot take it over would be asked in a hot loop
            self.queue_consumer.requeue_message(message)
            outcome = "requeued"
        except Exception:  # noqa: BLE001 - the message boundary: what cannot be copied is left to the broker as it is
            _log.exception("event_parked", queue=queue, error=error)
            self.queue_consumer.reject_message(message)
            outcome = "parked"
        else:
            self.queue_consumer.ack_message(message)
        self.watched.work.count(outcome)
