"""The `rpc` entrypoint: nameko's, hardened against whatever a message can hold."""

from functools import partial
from typing import Any

import msgspec
import structlog
from nameko.exceptions import ContainerBeingKilled
from nameko.rpc import Rpc as NamekoRpc
from nameko.rpc import RpcConsumer as NamekoRpcConsumer

from shared.kernel.faults import Fault, InvalidRequest, Unavailable
from shared.messaging import topology, wire
from shared.messaging.connections import BROKEN, kombu_queue
from shared.messaging.container import BusConsumer
from shared.messaging.signature import MalformedBody, Signature
from shared.messaging.tolerant_amqp import unreadable
from shared.messaging.watched import OK, Watched
from shared.observability.bus_figures import refused
from shared.persistence.database import why_unavailable

_log = structlog.get_logger(__name__)


_SHOWN = 80
_CLOCKS_DIFFER_SECONDS = 5.0
"""How far the sender's clock and ours may differ before a request counts as one that nobody waits for."""

_DEATHS = "x-death"
"""Header that the broker sets on what a queue handed on by `x-dead-letter-exchange`, under any key its owner chose."""


class Expired(Fault):
    """The sender has stopped waiting: after an outage nobody shall work off what nobody wants to know any more."""

    code = "expired"


class TooLarge(Fault):
    """The message is larger than the settings permit."""

    code = "message_too_large"


class RpcConsumer(NamekoRpcConsumer):
    """Answers on the connection the request came by, before acknowledging it; rejects what is no request."""

    queue_consumer = BusConsumer()
    queue: Any
    plan: topology.QueuePlan

    def setup(self) -> None:
        """Name the queue; the consumer declares it."""
        if self.queue is None:
            self.plan = topology.rpc_queue(self.container.service_name, self.container.settings)
            self.queue = kombu_queue(self.plan)
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
            self._refer(message, _too_large(len(message.body)))
        elif (late := wire.late_by(message.headers)) > _CLOCKS_DIFFER_SECONDS:
            self._refer(message, _expired(late))
        elif (provider := self._by_key.get(routing_key)) is None:
            self._refer(message, _unknown_method(self.container.service_name, routing_key))
        else:
            provider.handle_message(None, message)

    def refuse(self, message: Any, reason: str) -> None:  # noqa: ANN401 - kombu's message
        """Dead-letter a message that is no request; tell its sender if it says where."""
        _log.warning("malformed_request", queue=self.queue.name, reason=reason)
        fault = InvalidRequest(f"malformed request: {reason}", details={"field": "$"})
        refused(self.container.service_name, "malformed")
        self._publish(message, wire.encode_fault(fault))
        self.queue_consumer.reject_message(message)

    def reply(self, message: Any, body: bytes) -> None:  # noqa: ANN401 - kombu's message
        """Publish a reply, then acknowledge: in this order on one channel neither can be lost alone."""
        self._publish(message, body)
        self.queue_consumer.ack_message(message)

    def _refer(self, message: Any, fault: Fault) -> None:  # noqa: ANN401 - kombu's message
        refused(self.container.service_name, fault.code)
        self.reply(message, wire.encode_fault(fault))

    def _publish(self, message: Any, body: bytes) -> None:  # noqa: ANN401 - kombu's message
        reply_to, channel = message.properties.get("reply_to"), message.channel
        if not wire.REPLY_ADDRESS.fullmatch(reply_to or "") or not channel.connection:
            return
        properties = {"delivery_mode": 2}
        if correlation := message.properties.get("correlation_id"):
            properties["correlation_id"] = correlation
        answer = channel.prepare_message(
            body, content_type=wire.JSON_TYPE, content_encoding="utf-8", properties=properties
        )
        try:
            channel.basic_publish(answer, exchange=wire.RPC_EXCHANGE, routing_key=reply_to)
        except BROKEN as fault:
            _log.warning("reply_not_sent", error=str(fault))


class Rpc(NamekoRpc):
    """Decodes the arguments by the method's annotations, calls it, encodes the result or the fault."""

    rpc_consumer = RpcConsumer()

    def setup(self) -> None:
        """Read the annotations; a method without them does not start."""
        self.signature = Signature(getattr(self.container.service_cls, self.method_name))
        self.watched = Watched.rpc(self.container.service_name, self.method_name)
        super().setup()

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Start a worker for the request, or refuse it."""
        try:
            kwargs = self.signature.decode(message.body)
        except MalformedBody as fault:
            self.rpc_consumer.refuse(message, str(fault))
        except Fault as fault:
            self.watched.work.count(fault.code)
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

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:  # noqa: ANN401 - nameko is untyped
        """Answer the caller."""
        name = f"{worker_ctx.service_name}.{self.method_name}"
        body, outcome = self._encoded(name, result) if exc_info is None else _told(_as_fault(name, exc_info[1]))
        self.rpc_consumer.reply(message, body)
        self.watched.ended(worker_ctx, outcome)
        return result, exc_info

    def _encoded(self, name: str, result: object) -> tuple[bytes, str]:
        try:
            body = wire.encode_result(result)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as fault:
            return _told(_as_fault(name, fault))
        if len(body) > self.container.settings.max_message_bytes:
            return _told(_too_large(len(body)))
        return body, OK


def _told(fault: Fault) -> tuple[bytes, str]:
    return wire.encode_fault(fault), fault.code


def _malformed(message: Any) -> str | None:  # noqa: ANN401 - kombu's message
    if (reason := unreadable(message.headers)) is not None:
        return reason
    if _DEATHS in message.headers:
        return "dead letters are no requests: the broker checks no permission on that way"
    reply_to = message.properties.get("reply_to")
    if not reply_to:
        return "no reply_to"
    if not wire.REPLY_ADDRESS.fullmatch(reply_to):  # or we would publish with our rights what the sender may not
        return f"reply_to {reply_to[:_SHOWN]!r} is no reply address"
    if message.properties.get("content_type") != wire.JSON_TYPE:
        return f"content_type {message.properties.get('content_type')!r} is not {wire.JSON_TYPE}"
    return None


def _too_large(size: int) -> TooLarge:
    return TooLarge(f"{size} bytes are more than this service permits: page through", details={"bytes": size})


def _expired(late: float) -> Expired:
    message = f"the deadline passed {late:.0f} s ago; if you still wait, your clock is behind"
    return Expired(message, details={"late_seconds": round(late, 1)})


def _unknown_method(service: str, routing_key: str) -> Fault:
    method = routing_key.removeprefix(f"{service}.")
    fault = Fault(f"service {service} has no method {method}", details={"service": service, "method": method})
    fault.code = "unknown_method"
    return fault


def _as_fault(name: str, cause: BaseException) -> Fault:
    if isinstance(cause, Fault):
        return cause
    if (why := why_unavailable(cause)) is not None:
        _log.warning("database_unavailable", method=name, cause=why)
        return Unavailable(f"{name} got no answer from its database: ask again", details={"cause": why})
    # The caller learns nothing of our insides; the log has it all.
    _log.error("internal_fault", method=name, exc_info=cause)
    return Fault(f"{name} failed; the service's log has the details")
