"""How much a run does: everything drawn from its seed, two sizes."""

from typing import NamedTuple


class Plan(NamedTuple):
    """Sizes of a run; spans in seconds."""

    seed: int
    queue_type: str = "classic"
    spoilt_per_method: int = 40
    hostile_per_method: int = 8
    subscribers: int = 1_000
    rehearsals: int = 7
    """Runs of the campaigns in which somebody is struck: after seven everybody was in every step."""
    strike_every: int = 1
    """In every how many-th step somebody is struck."""
    in_flight_events: int = 10_000
    in_flight_calls: int = 2_000
    database_down: float = 30.0
    outbox_events: int = 100_000
    slow_seconds: float = 20.0
    copies: int = 5
    """How often an event is delivered again at most."""
    rounds: int = 2
    """How often broker and database are struck."""


def quick(seed: int, queue_type: str = "classic") -> Plan:
    """Return the sizes of a slice that takes minutes, as the suite deals it."""
    return Plan(
        seed,
        queue_type,
        spoilt_per_method=2,
        hostile_per_method=1,
        subscribers=600,
        rehearsals=1,
        strike_every=3,
        in_flight_events=1_000,
        in_flight_calls=200,
        database_down=5.0,
        outbox_events=5_000,
        slow_seconds=5.0,
        copies=2,
        rounds=1,
    )
