"""All five services in this process, on a bus and databases of their own: the embedded form."""

from pathlib import Path
from types import TracebackType
from typing import Self

from services.workbench import registry
from shared.kernel.clock import Clock
from shared.messaging.calling import RpcCaller
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.relay import OutboxSource
from shared.messaging.roll_call import Presence
from shared.persistence.database import Database
from shared.persistence.migrations import migrate


class EmbeddedSuite:
    """Runs the same nameko classes as production, both pools of each service, on SQLite files under `var`.

    `rules` is the folder of rules, `clock` what every service takes for the time, `seed` decides simulated answers.
    The process must have called `shared.messaging.green.go_green()` as its first statement.
    """

    caller: RpcCaller
    """Asks any of the services."""

    def __init__(self, var: Path, rules: Path, clock: Clock, seed: int) -> None:
        settings = {
            "BANYAN_VAR": str(var.absolute()),
            "BANYAN_RULES_DIR": str(rules.absolute()),
            "BANYAN_SEED": str(seed),
        }
        self._databases = {name: Database(registry.database_url(name, settings)) for name in registry.SERVICES}
        self._bus = EmbeddedBus(
            [registry.class_of(container) for container in registry.CONTAINERS],
            {"BANYAN": {"settings": settings, "clock": clock}},
            outboxes=[OutboxSource(service, database) for service, database in self._databases.items()],
        )
        self.caller = self._bus.caller

    def start(self) -> None:
        """Bring every database up to date, then start every service."""
        for service, database in self._databases.items():
            migrate(database, registry.migrations_of(service))
        self._bus.start()

    def settle(self) -> None:
        """Return when no message is in flight and every outbox is empty; raises Parked when an event was given up."""
        self._bus.settle()

    def roll_call(self) -> list[Presence]:
        """Return who runs here, and under which rule set."""
        return self._bus.roll_call()

    def stop(self) -> None:
        """Stop every service and close the databases; the files stay."""
        self._bus.stop()
        for database in self._databases.values():
            database.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
