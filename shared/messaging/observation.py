"""What a serving process tells of itself beside its log: traces, and how its databases and outboxes stand."""

from collections.abc import Mapping, Sequence

from shared.messaging.relay_child import RelaySpec
from shared.observability.outbox_watch import OutboxWatch
from shared.observability.tracing import start_tracing, stop_tracing
from shared.persistence.database import Database


class Observation:
    """Traces where the environment names a collector, and one watch per outbox; each holds one database connection."""

    def __init__(self, relays: Sequence[RelaySpec], service: str, environment: Mapping[str, str]) -> None:
        start_tracing(environment, service)
        self._watches = [OutboxWatch(spec.service, Database(spec.database_url, pool_size=1)) for spec in relays]
        for watch in self._watches:
            watch.start()

    def stop(self) -> None:
        """Watch no more; send what is left of the traces."""
        for watch in self._watches:
            watch.stop()
        stop_tracing()
