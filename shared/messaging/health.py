"""What `ping` answers."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from nameko.extensions import DependencyProvider

from shared.messaging.topology import service_of
from shared.observability.rules_in_force import rules_state


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered, when by the machine's clock, and under which rule set if the service has one."""

    service: str
    time: datetime
    rule_set: str | None = None


class Pulse(DependencyProvider):
    """Knows the container's name, and through it the rules its service has in force."""

    def get_dependency(self, worker_ctx: Any) -> "Pulse":  # noqa: ANN401, ARG002 - nameko's signature
        """Return itself."""
        return self

    def now(self) -> Health:
        """Tell who answers and when."""
        name = self.container.service_name
        state = rules_state(service_of(name))
        return Health(service=name, time=datetime.now(UTC), rule_set=state.version if state else None)
