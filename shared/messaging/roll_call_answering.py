"""How a container answers the roll call: at once, without taking a worker."""

import os
import socket
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from nameko.extensions import DependencyProvider

from shared.messaging import wire
from shared.messaging.connections import BROKEN
from shared.messaging.container import BusConsumer
from shared.messaging.roll_call import Presence
from shared.messaging.topology import QueuePlan, roll_call_queue, service_of
from shared.observability.outbox_watch import outbox_state
from shared.observability.rules_in_force import rules_state
from shared.rulekit.in_force.state import RulesState

_log = structlog.get_logger(__name__)
_MOST_FAULTS = 100


class RollCall(DependencyProvider):
    """Listens on a queue that only this container has, and that goes with its connection."""

    queue_consumer = BusConsumer()

    def setup(self) -> None:
        """Say who answers, and listen."""
        self._instance = uuid4().hex[:8]
        self._started_at = datetime.now(UTC)
        self.queue_consumer.register_provider(self)

    def stop(self) -> None:
        """Listen no more."""
        self.queue_consumer.unregister_provider(self)

    @property
    def plan(self) -> QueuePlan:
        """A queue with a new name each time: the old one may outlive a lost connection, and is still exclusive then."""
        return roll_call_queue(self.container.service_name, uuid4().hex)

    def handle_message(self, body: None, message: Any) -> None:  # noqa: ARG002, ANN401 - nameko's signature
        """Answer whoever called the roll."""
        channel, reply_to = message.channel, message.properties.get("reply_to")
        if wire.REPLY_ADDRESS.fullmatch(reply_to or "") and channel.connection:
            properties = {"correlation_id": message.properties.get("correlation_id") or "", "delivery_mode": 1}
            answer = channel.prepare_message(
                msgspec.json.encode(self.presence()),
                content_type=wire.JSON_TYPE,
                content_encoding="utf-8",
                properties=properties,
            )
            try:
                channel.basic_publish(answer, exchange=wire.RPC_EXCHANGE, routing_key=reply_to)
            except BROKEN as fault:
                _log.warning("reply_not_sent", error=str(fault))
        self.queue_consumer.ack_message(message)

    def presence(self) -> Presence:
        """Tell who answers, and which rules it has in force."""
        name = self.container.service_name
        state = rules_state(service_of(name))
        me = Presence(
            container=name,
            instance=self._instance,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=self._started_at,
            banyan=_banyan(),
            reads_rules=state is not None,
        )
        if (outbox := outbox_state(service_of(name))) is not None:
            me = msgspec.structs.replace(
                me,
                database=outbox.is_reachable,
                outbox_rows=outbox.rows,
                outbox_oldest_seconds=outbox.oldest_seconds,
            )
        return me if state is None else _with_rules(me, state)


def _with_rules(presence: Presence, state: RulesState) -> Presence:
    return msgspec.structs.replace(
        presence,
        rule_set=state.version,
        origin=state.origin,
        pinned=state.pin.version if state.pin else None,
        stale_seconds=round(state.stale_seconds, 1) if state.faults else 0.0,
        fault_count=len(state.faults),
        faults=[str(fault) for fault in state.faults[:_MOST_FAULTS]],
    )


def _banyan() -> str:
    try:
        return version("banyan")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"
