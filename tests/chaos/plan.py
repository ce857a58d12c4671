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
