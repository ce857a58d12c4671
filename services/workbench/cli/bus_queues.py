"""Which queues commands look at, and how many messages wait in them."""

import os
from collections.abc import Sequence
from pathlib import Path

from services.workbench.broker.integrators import queues_named_in
from services.workbench.cli.broker import INTEGRATORS
from shared.messaging.dead_letters import PREFIX
from shared.messaging.queue_depths import QueueDepth, depths_by_management, depths_over_amqp
from shared.messaging.settings import BusSettings

API = "BANYAN_RABBITMQ_API"
_OURS = ("rpc-", "evt-", PREFIX, "banyan.")


def integrators_file() -> Path:
    """Return where integrators and their queues are written down."""
    return Path(os.environ.get("BANYAN_INTEGRATORS") or INTEGRATORS)


def depths(settings: BusSettings, management: str | None) -> list[QueueDepth]:
    """Return the queues there are, with where messages are parked; raises Unavailable.

    `management` is RabbitMQ's and shows every queue. None asks over AMQP, which cannot list: then for the services'
    queues and those of the integrators in the file.
    """
    if management:
        return depths_by_management(management, settings, _OURS)
    return depths_over_amqp(settings, sorted(_known(settings)))


def parked(settings: BusSettings, management: str | None) -> dict[str, int]:
    """Return how many messages are parked per queue (named without `dead.`), those with none left out."""
    found = depths(settings, management)
    return {
        one.name.removeprefix(PREFIX): one.messages for one in found if one.name.startswith(PREFIX) and one.messages
    }


def _known(settings: BusSettings) -> Sequence[str]:
    from services.workbench.broker.surface import surface

    ours = [plan.name for plan in surface(settings).queues]
    return [*ours, *(f"{PREFIX}{name}" for name in queues_named_in(integrators_file()))]
