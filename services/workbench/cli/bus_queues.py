"""Which queues commands look at, and how many messages wait in them."""

import os
from collections.abc import Sequence
from pathlib import Path

from services.workbench.broker.integrators import queues_named_in
from services.workbench.cli.broker import INTEGRATORS
from shared.messaging.dead_letters import PREFIX
from shared.messaging.queue_depths import QueueDepth, depths_over_amqp
from shared.messaging.settings import BusSettings

API = "BANYAN_RABBITMQ_API"
_SECONDS = 5.0
_OURS = ("rpc-", "evt-", PREFIX, "banyan.")


def integrators_file() -> Path:
    """Return where integrators and their queues are written down."""
    return Path(os.environ.get("BANYAN_INTEGRATORS") or INTEGRATORS)


def depths(settings: BusSettings, management: str | None) -> list[QueueDepth]:
    """Return the queues there are, with where messages are parked; raises Unavailable, NotAllowed.

    `management` is RabbitMQ's and shows every queue. None asks over AMQP, which cannot list: then for the services'
    queues and those of the integrators in the file.
    """
    if management:
        return _managed(settings, management)
    return depths_over_amqp(settings, sorted(_known(settings)))


def parked(settings: BusSettings, management: str | None) -> dict[str, int]:
    """Return how many messages are parked per queue (named without `dead.`), those with none left out."""
    found = depths(settings, management)
    return {
        one.name.removeprefix(PREFIX): one.messages for one in found if one.name.startswith(PREFIX) and one.messages
    }


def _managed(settings: BusSettings, url: str) -> list[QueueDepth]:
    from services.workbench.broker.management import Management

    with Management(url, os.environ.get("BANYAN_RABBITMQ_CAFILE"), seconds=_SECONDS) as management:
        found = sorted(management.queues(settings.amqp_url), key=lambda one: one["name"])
    told = [one for one in found if one["name"].startswith(_OURS)]
    if any(not {"messages", "consumers"} <= one.keys() for one in told):
        return depths_over_amqp(settings, [one["name"] for one in told])
    return [QueueDepth(name=one["name"], messages=one["messages"], consumers=one["consumers"]) for one in told]


def _known(settings: BusSettings) -> Sequence[str]:
    from services.workbench.broker.surface import surface

    ours = [plan.name for plan in surface(settings).queues]
    return [*ours, *(f"{PREFIX}{name}" for name in queues_named_in(integrators_file()))]
