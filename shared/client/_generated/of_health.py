"""What travels, as `shared.messaging.health` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import TypedDict

from .of_wire import Instant


class Health(TypedDict):
    """Who answered, when by the machine's clock, under which rule set if the service has one, and how its data stand.

    The last three are what was seen within the last seconds, None where nobody looks: asking for them here could make
    a `ping` wait for a database that is gone.
    """

    service: str
    time: Instant
    rule_set: str | None
    database: bool | None
    """Whether the service's database answers."""
    outbox_rows: int | None
    outbox_oldest_seconds: float | None
