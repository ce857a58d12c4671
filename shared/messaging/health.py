"""What `ping` answers."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from nameko.extensions import DependencyProvider

from shared.messaging.topology import service_of
from shared.observability.outbox_watch import outbox_state
from shared.observability.rules_in_force import rules_state


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered, when by the machine's clock, under which rule set if the service has one, and how its data stand.

    The last three are what was seen within the last seconds, None where nobody looks: asking for them here could make
    a `ping` wait for a database that is gone.
    """

    service: str
    time: datetime
    rule_set: str | None = None
    database: bool | None = None
    """Whether the service's database answers."""
    outbox_rows: int | None = None
    outbox_oldest_seconds: float | None = None


class Pulse(DependencyProvider):
    """Knows the container's name, and through it the rules its service has in force."""

    def get_dependency(self, worker_ctx: Any) -> "Pulse":  # noqa: ANN401, ARG002 - nameko's signature
        """Return itself."""
        return self

    def now(self) -> Health:
        """Tell who answers and when."""
        name = self.container.service_name
        state = rules_state(service_of(name))
        me = Health(service=name, time=datetime.now(UTC), rule_set=state.version if state else None)
        outbox = outbox_state(service_of(name))
        if outbox is None:
            return me
        return msgspec.structs.replace(
            me,
            database=outbox.is_reachable,
            outbox_rows=outbox.rows,
            outbox_oldest_seconds=outbox.oldest_seconds,
        )
