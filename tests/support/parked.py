"""How many messages are parked, as tests ask for it: over AMQP, once or until it is so."""

import time

from shared.messaging.dead_letters import PREFIX
from shared.messaging.queue_depths import depths_over_amqp
from shared.messaging.settings import BusSettings


def parked(amqp_url: str, queue: str) -> int:
    """Return how many messages of a queue of work (its name without `dead.`) are parked."""
    found = depths_over_amqp(BusSettings(amqp_url=amqp_url), [PREFIX + queue])
    return sum(one.messages for one in found)


def eventually_parked(amqp_url: str, queue: str, wanted: int, seconds: float = 20) -> None:
    """Return once so many are parked; an assertion fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := parked(amqp_url, queue)) != wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted} of {queue} were parked in time"
        time.sleep(0.05)
