"""How much a run does: everything drawn from its seed, two sizes."""

from typing import NamedTuple

from services.workbench.registry import SERVICES


class Plan(NamedTuple):
    """Sizes of a run; spans in seconds."""

    seed: int
    queue_type: str = "classic"
    spoilt_per_method: int = 40
    hostile_per_method: int = 8
    subscribers: int = 1_000
    days: int = 2
    hours: tuple[int, ...] = (0, 4, 8)
    """How long the campaigns of a rehearsal run, and when in a day they act: hours after nine."""
    processes: tuple[tuple[str, ...], ...] = tuple((name,) for name in SERVICES)
    """Which services share a process in a rehearsal: whoever is struck takes the others along."""
    rehearsals: int = 7
    """Runs of the campaigns with blows, in each step to somebody else each time: as many as can be struck."""
    strike_every: int = 1
    """In every how many-th step somebody is struck."""
    in_flight_contacts: int = 1_000
    """Events of contacts: each waits in two queues, so that twice as many messages are in flight."""
    in_flight_changes: int = 8_000
    """Events of subscribers, which wait in one queue: 10,000 messages altogether."""
    in_flight_calls: int = 1_000
    database_down: float = 30.0
    outbox_events: int = 100_000
    slow_seconds: float = 20.0
    copies: int = 5
    """How often an event is delivered again at most."""
    rounds: int = 2
    """How often the broker is struck: by SIGKILL, then by a clean stop."""


def quick(seed: int, queue_type: str = "classic") -> Plan:
    """Return the sizes of a slice that takes minutes, as the suite deals it."""
    return Plan(
        seed,
        queue_type,
        spoilt_per_method=2,
        hostile_per_method=1,
        subscribers=600,
        hours=(0, 8),
        rehearsals=1,
        strike_every=3,
        in_flight_contacts=250,
        in_flight_changes=500,
        in_flight_calls=200,
        database_down=5.0,
        outbox_events=5_000,
        slow_seconds=5.0,
        copies=2,
        rounds=1,
    )
