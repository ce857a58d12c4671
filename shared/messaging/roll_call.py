"""The roll call: every container on the bus is asked at once who it is and which rule set it runs."""

from datetime import datetime

import msgspec

ROLL_CALL = "banyan.roll_call"
"""The fanout exchange; each container listens with an exclusive queue of its own, so that every replica answers."""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """What one container of one process answers; `started_at` by its machine's clock.

    `rule_set` is None while there is none, and in a service that reads none (`reads_rules` is false). `origin` is
    `folder`, `pin` or `archive` (the newest kept set, in place of files that were faulty from the start).
    `stale_seconds` says for how long the set in force has not been the one that is wanted, `faults` (the first 100,
    each with file:line:column) why.
    """

    container: str
    instance: str
    host: str
    pid: int
    started_at: datetime
    banyan: str
    reads_rules: bool
    rule_set: str | None = None
    origin: str | None = None
    pinned: str | None = None
    stale_seconds: float = 0.0
    database: bool | None = None
    """Whether the service's database answered lately; None where nobody looks."""
    outbox_rows: int | None = None
    outbox_oldest_seconds: float | None = None
    fault_count: int = 0
    faults: list[str] = []
