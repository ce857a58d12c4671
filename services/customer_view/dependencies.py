"""The composition root: which adapters stand behind the ports."""

import uuid
from collections.abc import Callable
from pathlib import Path

from nameko.extensions import DependencyProvider

from services.customer_view.adapters.column_map_files import ColumnMapFiles
from services.customer_view.adapters.feed_rejects import open_rejects
from services.customer_view.adapters.feed_table import SqlFeeds
from services.customer_view.adapters.read_ahead import read_ahead
from services.customer_view.adapters.row_files import LocalRowFiles
from services.customer_view.adapters.seen_ids import seen_ids_on_disk
from services.customer_view.adapters.store import SqlStore
from services.customer_view.adapters.trigger_engine import DurableTriggers
from services.customer_view.application.feed_state import FeedState
from services.customer_view.application.feeds import FileFeeds
from services.customer_view.application.imports import Customers, FileImport
from services.customer_view.application.record_feeds import RecordFeeds
from services.customer_view.application.triggers import Triggers
from services.customer_view.application.use_cases import UseCases
from services.customer_view.settings import SERVICE, Settings
from shared.kernel.clock import Clock
from shared.observability.rules_in_force import open_rules
from shared.persistence import opening
from shared.persistence.database import Database
from shared.rulekit.vocabulary import Vocabulary

MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(settings: Settings) -> Database:
    """Return this service's database, brought up to date; the same object for all who hold it in this process."""
    return opening.open_database(settings.database_url, MIGRATIONS)


def build(settings: Settings, clock: Clock | None = None) -> UseCases:
    """Put the service together; columns for new facts are added now.

    A `clock` given here replaces the settings' and switches the timer off: whoever steers the time says what is due.
    """
    store = SqlStore(open_database(settings))
    rules = open_rules(settings.rules, settings.rule_sets, SERVICE)
    store.prepare(rules.current())
    counted = clock or settings.clock
    triggers = Triggers(
        store=store,
        rules=rules,
        engine=DurableTriggers(),
        clock=counted,
        zone=settings.zone,
        fresh=_fresh,
        has_timers=settings.has_timers and clock is None,
    )
    return UseCases(store=store, rules=rules, clock=counted, zone=settings.zone, fresh=_fresh, triggers=triggers)


def build_import(customers: Customers, vocabulary: Callable[[], Vocabulary]) -> FileImport:
    """Put the import row by row together, on top of the use cases or of the bus: see `banyan customers import`."""
    return FileImport(
        customers=customers,
        vocabulary=vocabulary,
        files=LocalRowFiles(),
        column_maps=ColumnMapFiles(),
        seen_ids=seen_ids_on_disk,
    )


def build_feeds(settings: Settings, clock: Clock | None = None) -> FileFeeds:
    """Put the loading of files together, for a process beside the services; columns for new facts are added now."""
    store = SqlStore(open_database(settings))
    rules = open_rules(settings.rules, settings.rule_sets, SERVICE)
    store.prepare(rules.current())
    return FileFeeds(
        store=store,
        rules=rules,
        clock=clock or settings.clock,
        zone=settings.zone,
        fresh=_fresh,
        files=LocalRowFiles(),
        column_maps=ColumnMapFiles(),
        seen_ids=seen_ids_on_disk,
        rejects=open_rejects,
        ahead=read_ahead,
    )


def build_record_feeds(settings: Settings, clock: Clock | None = None) -> RecordFeeds:
    """Put the applying of messages together, for a process beside the services."""
    use_cases = build(settings, clock)
    return RecordFeeds(
        use_cases=use_cases,
        store=SqlStore(open_database(settings)),
        clock=clock or settings.clock,
        files=LocalRowFiles(),
        rejects=open_rejects,
    )


def list_feeds(settings: Settings) -> list[FeedState]:
    """Return how far every feed has come, in order of name."""
    with open_database(settings).read() as connection:
        return SqlFeeds(connection).all()


def _fresh() -> str:
    return uuid.uuid4().hex


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
