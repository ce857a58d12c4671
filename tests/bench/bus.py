"""The bus: hardened RPC beside stock nameko, the outbox relay beside pika alone, one replica and two."""

from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from tests.bench.bus_outbox import OutboxSize, beside_pika
from tests.bench.bus_rpc import RpcSize, beside_stock, scaling
from tests.bench.figures import Figure
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes of the parts."""

    rpc: RpcSize
    scaling: RpcSize
    outbox: OutboxSize


FULL = Size(
    RpcSize(rounds=9, together=3_000, alone=600),
    RpcSize(rounds=5, together=800, alone=0),
    OutboxSize(rounds=5, events=10_000, contacts=5),
)
QUICK = Size(
    RpcSize(rounds=3, together=500, alone=100),
    RpcSize(rounds=2, together=100, alone=0),
    OutboxSize(rounds=2, events=1_000, contacts=5),
)


def measure(
    postgres: Postgres, broker: RabbitMQ, progress: Progress, size: Size
) -> tuple[list[Figure], dict[str, Any]]:
    """Return the figures of all three, and each round's."""
    amqp_url = broker.create_vhost()
    try:
        rpc, rpc_details = beside_stock(amqp_url, progress, size.rpc)
        outbox, outbox_details = beside_pika(postgres, amqp_url, progress, size.outbox)
        replicas, replica_details = scaling(amqp_url, progress, size.scaling)
    finally:
        broker.delete_vhost(amqp_url)
    return [*rpc, *outbox, *replicas], {"rpc": rpc_details, "outbox": outbox_details, "replicas": replica_details}
