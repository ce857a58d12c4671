"""The composition root: which adapters stand behind the ports."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog
from nameko.extensions import DependencyProvider

from services.governance.adapters.retention import SqlRetention
from services.governance.adapters.store import SqlStore
from services.governance.application.policies import PoliciesInForce
from services.governance.application.retaining import Retaining
from services.governance.application.use_cases import UseCases
from services.governance.settings import SERVICE, Settings
from shared.kernel.clock import Clock, SkewedClock, SystemClock
from shared.observability.rules_in_force import open_rules
from shared.persistence import opening
from shared.persistence.database import Database

_log = structlog.get_logger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(settings: Settings) -> Database:
    """Return this service's database, brought up to date; the same object for all who hold it in this process."""
    return opening.open_database(settings.database_url, MIGRATIONS)


def build(settings: Settings | Mapping[str, str], clock: Clock | None = None) -> UseCases:
    """Put the service together from settings (or a mapping like the environment).

    A `clock` given here replaces the settings' and switches the timer off: whoever steers the time says what is due.
    """
    read = settings if isinstance(settings, Settings) else Settings.read(settings)
    database, counted = open_database(read), clock or read.clock
    # A steered clock differs from the server's by intent.
    tolerance = read.terms.clock_tolerance if isinstance(counted, SystemClock | SkewedClock) else None
    store = SqlStore(database, read.erasure_key, clock_tolerance=tolerance)
    # Without sound rules governance answers, too: it suppresses everything.
    rules = open_rules(read.rules, read.rule_sets, SERVICE, may_be_empty=True)

    def retaining(policies: PoliciesInForce) -> Retaining:
        shelf, has_timers = SqlRetention(database), read.has_timers and clock is None
        return Retaining(shelf, policies, read.terms, read.retention, counted, _tell_raised, has_timers=has_timers)

    return UseCases(store, rules, read.terms, counted, lambda: uuid.uuid4().hex, retaining)


def _tell_raised(kept: timedelta) -> None:
    _log.warning("retention_raised", kept_days=kept / timedelta(days=1), why="policies in force look back that far")


class Dependencies(DependencyProvider):
    """Gives workers the use cases, built once when the container starts.

    `container.config["BANYAN"]` carries `settings` (a mapping like the environment) and `clock` (or None).
    """

    def setup(self) -> None:
        """Read the settings and build; a fault here keeps the container from starting."""
        given = self.container.config["BANYAN"]
        self._use_cases = build(given["settings"], given.get("clock"))

    def get_dependency(self, worker_ctx: object) -> UseCases:  # noqa: ARG002 - nameko's signature
        """Return the use cases."""
        return self._use_cases
