"""What `ping` answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from nameko.extensions import DependencyProvider

RULE_SET_KEY = "BANYAN_RULE_SET"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered, when by the machine's clock, and under which rule set if the service has one."""

    service: str
    time: datetime
    rule_set: str | None = None


class Pulse(DependencyProvider):
    """Knows the container's name; the composition root may set `config[RULE_SET_KEY]` to a callable."""

    def get_dependency(self, worker_ctx: Any) -> "Pulse":  # noqa: ANN401, ARG002 - nameko's signature
        """Return itself."""
        return self

    def now(self) -> Health:
        """Tell who answers and when."""
        rule_set: Callable[[], str] | None = self.container.config.get(RULE_SET_KEY)
        return Health(
            service=self.container.service_name, time=datetime.now(UTC), rule_set=rule_set() if rule_set else None
        )
