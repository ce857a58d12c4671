"""What clients ask: every batch is a function of seed, client and number, so that another may send the same one.

A request is a sequence in the order of `FIELDS`; `planned_at` is microseconds since 1970.
"""

import random
from binascii import crc32
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Request = Sequence[Any]
FIELDS = (
    *("contact_id", "customer_id", "channel", "campaign_id", "offering_id", "category"),
    *("purpose", "direction", "planned_at", "priority", "zone"),
)
CUSTOMER, PLANNED_AT, ZONE = FIELDS.index("customer_id"), FIELDS.index("planned_at"), FIELDS.index("zone")
OPT_OUT_EVERY = 12
"""How many batches a subscriber is asked about before he opts out, and again afterwards."""
SIZES = (1, 1, 5, 20, 60, 150, 200, 300, 400, 500, 600)
_MOST_INTERACTIVE = 150
_CHANNELS = ("sms", "sms", "sms", "outbound_call", "hall", "web", "hotline", "sms")
_ZONES = ("Asia/Shanghai",) * 6 + ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland")
_NEAR, _HOT, _OVERLAP, _STOLEN = 0.35, 0.4, 0.15, 0.001
_MICRO = 1_000_000


class Scene(NamedTuple):
    """What all clients of a run share."""

    seed: int
    clients: int
    begins_at: int
    """Microseconds since 1970; contacts are planned from then on."""
    near_seconds: int
    days: int
    hot: int
    cold: int

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> "Scene":
        """Read the scene out of a client's settings."""
        return cls(**{name: settings[name] for name in cls._fields})


class Batch(NamedTuple):
    """Requests to be sent in one call, and the container they go to."""

    service: str
    requests: list[Request]


def batch(scene: Scene, client: int, number: int) -> Batch:
    """Return a client's batch of that number; some hold half of another client's batch, too."""
    chance = random.Random(f"{scene.seed}/{client}/{number}")
    size = chance.choice(SIZES)
    requests = _own(scene, client, number, size, chance)
    if chance.random() < _OVERLAP:
        other = (client + 1) % scene.clients
        theirs = random.Random(f"{scene.seed}/{other}/{number}")
        half = _own(scene, other, number, theirs.choice(SIZES), theirs)[::2]
        requests += [_stolen(one, chance) if chance.random() < _STOLEN else one for one in half]
        chance.shuffle(requests)
    fits = len(requests) <= _MOST_INTERACTIVE
    return Batch("governance" if fits and chance.random() < 0.7 else "governance_bulk", requests)


def opting_out(client: int, number: int) -> str | None:
    """Return who opts out once this batch has been sent, if anybody."""
    return f"o{client}-{number // OPT_OUT_EVERY}" if number % OPT_OUT_EVERY == OPT_OUT_EVERY - 1 else None


def lot(contact_id: str, salt: str) -> float:
    """Draw a lot from 0 to 1 by contact id: a client that is started again decides as it did before."""
    return crc32(f"{salt}/{contact_id}".encode()) / 2**32


def _own(scene: Scene, client: int, number: int, size: int, chance: random.Random) -> list[Request]:
    leaving = number // OPT_OUT_EVERY
    asked_again = [f"o{client}-{leaving}", *([f"o{client}-{leaving - 1}"] if leaving else [])]
    made = [_request(scene, f"{client}.{number}.{place}", _customer(scene, chance), chance) for place in range(size)]
    return made + [_request(scene, f"{client}.{number}.{one}", one, chance) for one in asked_again]


def _customer(scene: Scene, chance: random.Random) -> str:
    if chance.random() < _HOT:
        return f"h{chance.randrange(scene.hot)}"
    return f"c{chance.randrange(scene.cold)}"


def _request(scene: Scene, contact_id: str, customer: str, chance: random.Random) -> Request:
    near = chance.random() < _NEAR
    span = scene.near_seconds * _MICRO if near else scene.days * 86_400 * _MICRO
    return (
        contact_id,
        customer,
        chance.choice(_CHANNELS),
        f"campaign-{chance.randrange(6)}",
        f"offering-{chance.randrange(9)}",
        f"category-{chance.randrange(4)}",
        "marketing" if chance.random() < 0.9 else "service",
        "outbound" if chance.random() < 0.95 else "inbound",
        scene.begins_at + int(chance.random() * span),
        float(chance.randrange(3)),
        _ZONES[sum(map(ord, customer)) % len(_ZONES)],
    )


def _stolen(one: Request, chance: random.Random) -> Request:
    """Return a request that uses a contact id for another subscriber, which governance must refuse."""
    customer = f"c{chance.randrange(9)}"
    return (*one[:CUSTOMER], customer, *one[CUSTOMER + 1 : ZONE], _ZONES[sum(map(ord, customer)) % len(_ZONES)])
