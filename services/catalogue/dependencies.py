"""The composition root: which adapters stand behind the ports."""

from pathlib import Path

from nameko.extensions import DependencyProvider

from services.catalogue.adapters.rule_names import RuleNames
from services.catalogue.adapters.store import SqlStore
from services.catalogue.application.use_cases import UseCases
from services.catalogue.settings import SERVICE, Settings
from shared.kernel.clock import Clock
from shared.observability.rules_in_force import open_rules
from shared.persistence import opening
from shared.persistence.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(settings: Settings) -> Database:
    """Return this service's database, brought up to date; the same object for all who hold it in this process."""
    return opening.open_database(settings.database_url, MIGRATIONS)


def build(settings: Settings, clock: Clock | None = None) -> UseCases:
    """Put the service together; a `clock` given here replaces the settings'. Raises RuleFaults for faulty rules."""
    names = RuleNames(open_rules(settings.rules, settings.rule_sets, SERVICE))
    return UseCases(SqlStore(open_database(settings)), names, clock or settings.clock)


class Dependencies(DependencyProvider):
    """Gives workers the use cases, built once when the container starts.

    `container.config["BANYAN"]` carries `settings` (a mapping like the environment) and `clock` (or None).
    """

    def setup(self) -> None:
        """Read the settings and build; a fault here keeps the container from starting."""
        given = self.container.config["BANYAN"]
        self._use_cases = build(Settings.read(given["settings"]), given.get("clock"))

    def get_dependency(self, worker_ctx: object) -> UseCases:  # noqa: ARG002 - nameko's signature
        """Return the use cases."""
        return self._use_cases
