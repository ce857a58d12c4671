"""The decorators of a service class: `@rpc`, `@event`, `@every`, and `Pingable` for its health.

    class Governance(Pingable):
        name = "governance"
        deps = Dependencies()

        @rpc
        def reserve(self, requests: list[ContactRequest]) -> list[Verdict]: ...

        @event("channels", "contacts_sent")
        def on_contacts_sent(self, event_id: str, event: ContactsSent) -> None: ...

        @every(60)
        def sweep(self) -> None: ...

The same decorators serve `<name>` and `<name>_bulk`. `max_workers = 4` in the class bounds its pool of workers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
import msgspec
import structlog
from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError
from nameko.events import EventHandler as NamekoEventHandler
from nameko.exceptions import ContainerBeingKilled
from nameko.rpc import Rpc as NamekoRpc
from nameko.rpc import RpcConsumer as NamekoRpcConsumer
from nameko.timer import Timer

from shared.kernel.faults import Fault, InvalidRequest
from shared.messaging import topology, wire
from shared.messaging.connections import kombu_queue
from shared.messaging.container import TIMERS_KEY, BusConsumer
from shared.messaging.health import Health, Pulse
from shared.messaging.signature import MalformedBody, Signature

_log = structlog.get_logger(__name__)
_BROKEN = (AMQPError, OperationalError, OSError)  # the connection went away: the broker delivers the message again
_COURIER_PAUSE = 1.0


class TooLarge(Fault):
    """The message is larger than the settings permit."""

    code = "message_too_large"


class RpcConsumer(NamekoRpcConsumer):
    """Answers on the connection the request came by, before acknowledging it; rejects what is no request."""

    queue_consumer = BusConsumer()
    queue: Any

    def setup(self) -> None:
        """Name the queue; the consumer declares it."""
        if self.queue is None:
            self.queue = kombu_queue(topology.rpc_queue(self.container.service_name, self.container.settings))
            self.queue_consumer.register_provider(self)
            self._registered = True

    def __init__(self) -> None:
        super().__init__()
        self._by_key: dict[str, Rpc] = {}

    def register_provider(self, provider: "Rpc") -> None:
        """Take up one method."""
        self._by_key[f"{self.container.service_name}.{provider.method_name}"] = provider
        super().register_provider(provider)

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Give the request to its method; nothing a message can hold may escape from here."""
        routing_key = message.delivery_info["routing_key"]
        if (reason := _malformed(message)) is not None:
            self.refuse(message, reason)
        elif len(message.body) > self.container.settings.max_message_bytes:
            self.reply(message, wire.encode_fault(_too_large(len(message.body))))
        elif (provider := self._by_key.get(routing_key)) is None:
            fault = _unknown_method(self.container.service_name, routing_key)
            self.reply(message, wire.encode_fault(fault))
        else:
            provider.handle_message(None, message)

    def refuse(self, message: Any, reason: str) -> None:  # noqa: ANN401 - kombu's message
        """Dead-letter a message that is no request; tell its sender if it says where."""
        _log.warning("malformed_request", queue=self.queue.name, reason=reason)
        fault = InvalidRequest(f"malformed request: {reason}", details={"field": "$"})
        self._publish(message, wire.encode_fault(fault))
        self.queue_consumer.reject_message(message)

    def reply(self, message: Any, body: bytes) -> None:  # noqa: ANN401 - kombu's message
        """Publish a reply, then acknowledge: in this order on one channel neither can be lost alone."""
        self._publish(message, body)
        self.queue_consumer.ack_message(message)

    def _publish(self, message: Any, body: bytes) -> None:  # noqa: ANN401 - kombu's message
        reply_to, channel = message.properties.get("reply_to"), message.channel
        if not reply_to or not channel.connection:
            return
        properties = {"delivery_mode": 2}
        if correlation := message.properties.get("correlation_id"):
            properties["correlation_id"] = correlation
        answer = channel.prepare_message(
            body, content_type=wire.JSON_TYPE, content_encoding="utf-8", properties=properties
        )
        try:
            channel.basic_publish(answer, exchange=wire.RPC_EXCHANGE, routing_key=reply_to)
        except _BROKEN as fault:
            _log.warning("reply_not_sent", error=str(fault))


class Rpc(NamekoRpc):
    """Decodes the arguments by the method's annotations, calls it, encodes the result or the fault."""

    rpc_consumer = RpcConsumer()

    def setup(self) -> None:
        """Read the annotations; a method without them does not start."""
        self.signature = Signature(getattr(self.container.service_cls, self.method_name))
        super().setup()

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Start a worker for the request, or refuse it."""
        try:
            kwargs = self.signature.decode(message.body)
        except MalformedBody as fault:
            self.rpc_consumer.refuse(message, str(fault))
        except Fault as fault:
            self.rpc_consumer.reply(message, wire.encode_fault(fault))
        else:
            self._spawn(kwargs, message)

    def _spawn(self, kwargs: dict[str, Any], message: Any) -> None:  # noqa: ANN401 - kombu's message
        headers = self.unpack_message_headers(message)
        try:
            self.container.spawn_worker(
                self, (), kwargs, context_data=headers, handle_result=partial(self.handle_result, message)
            )
        except ContainerBeingKilled:
            self.rpc_consumer.requeue_message(message)

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Answer the caller."""
        name = f"{worker_ctx.service_name}.{self.method_name}"
        body = self._encoded(name, result) if exc_info is None else wire.encode_fault(_as_fault(name, exc_info[1]))
        self.rpc_consumer.reply(message, body)
        return result, exc_info

    def _encoded(self, name: str, result: object) -> bytes:
        try:
            body = wire.encode_result(result)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as fault:
            return wire.encode_fault(_as_fault(name, fault))
        if len(body) > self.container.settings.max_message_bytes:
            return wire.encode_fault(_too_large(len(body)))
        return body


class EventHandler(NamekoEventHandler):
    """Calls a method with (event id, typed event); retries what fails, with growing delays, then parks it."""

    queue_consumer = BusConsumer()

    def setup(self) -> None:
        """Read the annotation of the event and name the queue."""
        service, settings = self.container.service_name, self.container.settings
        self.queue = kombu_queue(
            topology.event_queue(self.source_service, self.event_type, service, self.method_name, settings)
        )
        types = Signature(getattr(self.container.service_cls, self.method_name)).types
        self.decoder = msgspec.json.Decoder(list(types.values())[1])
        self.queue_consumer.register_provider(self)

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Start a worker for the event; one that cannot be read is parked at once."""
        event_id = message.headers.get(wire.EVENT_ID) or message.properties.get("message_id")
        try:
            if not isinstance(event_id, str):
                raise InvalidRequest("the event has no id", details={"field": wire.EVENT_ID})
            event = self.decoder.decode(message.body)
        except (Fault, msgspec.MsgspecError, UnicodeDecodeError) as fault:
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

    def handle_result(self, message: Any, worker_ctx: Any, result: Any = None, exc_info: Any = None) -> tuple[Any, Any]:  # noqa: ANN401, ARG002
        """Acknowledge, or see to it that the event comes again."""
        if exc_info is None:
            self.queue_consumer.ack_message(message)
        else:
            _log.warning("event_failed", queue=self.queue.name, exc_info=exc_info)
            self._fail(message, f"{type(exc_info[1]).__name__}: {exc_info[1]}", final=False)
        return result, exc_info

    def _fail(self, message: Any, error: str, *, final: bool) -> None:  # noqa: ANN401 - kombu's message
        courier, queue = self.queue_consumer.courier, self.queue.name
        attempt = int(message.headers.get(wire.ATTEMPT) or 0) + 1
        try:
            if final or not courier.retry(message, queue, attempt, error):
                _log.error("event_parked", queue=queue, error=error)
                courier.park(message, queue, error)
        except (Fault, *_BROKEN) as fault:
            _log.warning("event_requeued", queue=queue, error=str(fault))
            eventlet.sleep(_COURIER_PAUSE)  # or a broker that cannot take it over would be asked in a hot loop
            self.queue_consumer.requeue_message(message)
        else:
            self.queue_consumer.ack_message(message)


class Every(Timer):
    """Calls a method every so many seconds, in every replica: the method itself takes the lock in the database.

    An embedded bus does not run timers unless told to: under a steered clock whoever steers it says when.
    """

    def start(self) -> None:
        """Begin to tick."""
        if self.container.config.get(TIMERS_KEY, True):
            super().start()

    def stop(self) -> None:
        """Tick no more, and wait for the tick under way."""
        if self.gt is not None:
            super().stop()

    def kill(self) -> None:
        """Tick no more."""
        if self.gt is not None:
            super().kill()

    def handle_result(self, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:  # noqa: ANN401 - nameko's
        """Log a failure; the next tick tries again."""
        if exc_info is not None:
            _log.error("timer_failed", method=self.method_name, exc_info=exc_info)
        super().handle_result(worker_ctx, result, exc_info)
        return result, exc_info


F = Callable[..., Any]


def rpc(method: F) -> F:
    """Expose a method as RPC `<service>.<method>`; its annotations are the contract."""
    return Rpc.decorator(method)  # type: ignore[no-any-return]  # nameko is untyped


def event(source_service: str, event_type: str) -> Callable[[F], F]:
    """Call a method(self, event_id: str, event: Struct) for each such event; at least once, in no fixed order."""
    return EventHandler.decorator(source_service, event_type)  # type: ignore[no-any-return]  # nameko is untyped


def every(seconds: float) -> Callable[[F], F]:
    """Call a method without arguments every so many seconds; the first time after that span."""
    return Every.decorator(interval=seconds)  # type: ignore[no-any-return]  # nameko is untyped


class Pingable:
    """Gives a service class the RPC `ping`: an answer shows that broker, container and a worker are alive."""

    pulse = Pulse()

    @rpc
    def ping(self) -> Health:
        """Tell who answers and when."""
        return self.pulse.now()


def _malformed(message: Any) -> str | None:  # noqa: ANN401 - kombu's message
    if not message.properties.get("reply_to"):
        return "no reply_to"
    if message.properties.get("content_type") != wire.JSON_TYPE:
        return f"content_type {message.properties.get('content_type')!r} is not {wire.JSON_TYPE}"
    return None


def _too_large(size: int) -> TooLarge:
    return TooLarge(f"{size} bytes are more than this service permits: page through", details={"bytes": size})


def _unknown_method(service: str, routing_key: str) -> Fault:
    method = routing_key.removeprefix(f"{service}.")
    fault = Fault(f"service {service} has no method {method}", details={"service": service, "method": method})
    fault.code = "unknown_method"
    return fault


def _as_fault(name: str, cause: BaseException) -> Fault:
    if isinstance(cause, Fault):
        return cause
    # The caller learns nothing of our insides; the log has it all.
    _log.error("internal_fault", method=name, exc_info=cause)
    return Fault(f"{name} failed; the service's log has the details")
