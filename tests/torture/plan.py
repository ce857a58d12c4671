"""What a run is to do, drawn from its seed: sizes, clocks, and who is struck when."""

import random
from collections.abc import Mapping
from typing import Literal, NamedTuple

Blow = Literal[
    "service",
    "straggler",
    "racer",
    "relief",
    "relay",
    "client",
    "database",
    "database hard",
    "broker",
    "broker hard",
    "rules",
]

KILLS: frozenset[Blow] = frozenset({"service", "straggler", "racer", "relief", "relay", "client"})
RESTARTS: frozenset[Blow] = frozenset({"database", "database hard", "broker", "broker hard"})
SKEWS = (0, 60, 150, 230)
"""Seconds by which the clocks of the service processes are ahead; less apart than the service tolerates."""
_CLOCKS: Mapping[Blow, tuple[int, ...]] = {"straggler": (-330,), "racer": (700,)}
"""Clocks farther behind the newest decision, or ahead of the database, than is tolerated: they must permit nothing."""
_SHORT, _MIDDLE, _LONG = 10_000, 30_000, 300_000


class Strike(NamedTuple):
    """A blow once such a share of all requests is answered; `target` picks a process, `skew` is its new clock."""

    at: float
    blow: Blow
    target: int
    skew: int


class Plan(NamedTuple):
    """Everything about a run that is decided beforehand."""

    seed: int
    requests: int
    services: int
    clients: int
    is_naive: bool
    strikes: tuple[Strike, ...]
    days: int
    """How far ahead contacts are planned."""
    near_seconds: int
    """Over what span the contacts are planned that lapse, or are confirmed late, during the run."""
    hot: int
    cold: int
    calls_an_hour: int
    halls_a_day: int
    life_seconds: int
    """How long after its planned time a reservation lapses."""

    @property
    def ahead(self) -> int:
        """Seconds by which the service's time is ahead of the machine's."""
        return max(SKEWS)

    @property
    def share(self) -> int:
        """Requests that each client makes."""
        return -(-self.requests // self.clients)


def make_plan(requests: int, seed: int, *, is_naive: bool = False) -> Plan:
    """Return the plan of a run; the same figures give the same plan."""
    is_long = requests >= _LONG
    days = 20 if is_long else 8
    services = 4 if is_long else 3 if requests >= _SHORT or is_naive else 2
    return Plan(
        seed=seed,
        requests=requests,
        services=services,
        clients=services,
        is_naive=is_naive,
        strikes=_strikes(random.Random(seed), requests, services, is_naive=is_naive),
        days=days,
        near_seconds=max(12, requests // 1_000),
        hot=max(20, requests // 2_000),
        cold=max(500, requests // 3),
        calls_an_hour=max(2, requests // 8 // (days * 24) // 4),
        halls_a_day=max(3, requests // 8 // days // 4),
        life_seconds=12 if is_long else 6,
    )


def _strikes(chance: random.Random, requests: int, services: int, *, is_naive: bool) -> tuple[Strike, ...]:
    if is_naive:
        counts: dict[Blow, int] = {"relay": 1, "client": 1}  # replicas must be there, to get into one another's way
    elif requests >= _LONG:
        counts = {"service": 9, "straggler": 3, "racer": 2, "relay": 5, "client": 8, "rules": 3}
        counts |= {"database": 1, "database hard": 2, "broker": 1, "broker hard": 2}
    elif requests >= _MIDDLE:
        counts = {"service": 3, "straggler": 1, "racer": 1, "relay": 2, "client": 4, "rules": 1}
        counts |= {"database": 1, "database hard": 1, "broker": 1, "broker hard": 1}
    else:
        counts = {
            "service": 1,
            "straggler": 1,
            "relay": 1,
            "client": 2,
            "rules": 1,
            "database hard": 1,
            "broker hard": 1,
        }
    blows = [blow for blow, times in counts.items() for _ in range(times)]
    chance.shuffle(blows)
    # Evenly spread with some chance, so that there is service between the blows; all before the end.
    span = 0.88 / len(blows)
    strikes = []
    for place, blow in enumerate(blows):
        at, target = round(0.05 + span * (place + chance.random() * 0.3), 4), chance.randrange(services)
        strikes.append(Strike(at, blow, target, chance.choice(_CLOCKS.get(blow, SKEWS))))
        if blow in _CLOCKS:  # it answers sooner than those that judge: put right soon, or it would answer everybody
            strikes.append(Strike(round(at + span * 0.6, 4), "relief", target, chance.choice(SKEWS)))
    return tuple(strikes)
