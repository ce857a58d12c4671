"""`banyan serve` and `banyan migrate`: services as processes of their own."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from services.workbench import registry
from shared.kernel.faults import NotAllowed
from shared.messaging.settings import BusSettings

if TYPE_CHECKING:
    from shared.persistence.database import Database

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="SERVICE…")
def serve(names: tuple[str, ...]) -> None:
    """运行服务 · Run services until SIGTERM or Ctrl-C.

    `governance` runs both its containers, `governance_bulk` only that one, `all` every service. Settings are read from
    the environment: BANYAN_AMQP_URL, BANYAN_DATABASE_URL (with {service}), BANYAN_RULES_DIR and others.
    """
    from shared.messaging.relay_child import RelaySpec
    from shared.messaging.serving import serve as run

    settings = BusSettings.from_environment(os.environ)
    containers = registry.containers_of(names)
    owners = registry.services_of(names)
    _check_settings(owners)
    _await_databases(owners)
    classes = [registry.class_of(container) for container in containers]
    code = run(
        classes,
        settings,
        {"BANYAN": {"settings": dict(os.environ), "clock": None}},
        relays=[RelaySpec(service, registry.database_url(service, os.environ)) for service in owners],
        neighbours=[registry.class_of(container) for container in registry.CONTAINERS if container not in containers],
    )
    raise SystemExit(code)


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]…")
def migrate(names: tuple[str, ...]) -> None:
    """更新数据库 · Bring the databases of the services (all if none is named) up to date.

    Safe to run at any time and by several at once; each waits for the other.
    """
    from shared.persistence.migrations import migrate as bring_up_to_date

    for service in registry.services_of(names):
        with _database(service) as database:
            bring_up_to_date(database, registry.migrations_of(service))
        click.echo(f"{service}: up to date")


def _check_settings(owners: list[str]) -> None:
    """Refuse to serve on settings or rules that cannot be used; raises FaultySettings and RuleFaults naming them all.

    The services read both again when they start; but there a fault would come out of a green thread, with its stack.
    Where the newest kept rule set stands in for faulty files, that is told on standard error.
    """
    from shared.rulekit.durable_backend.trial import accept_rules
    from shared.rulekit.in_force.archive import RuleArchive
    from shared.rulekit.in_force.rule_source import RuleSource

    settings = [registry.settings_of(service, os.environ) for service in owners]
    for folder, sets in {(one.rules, one.rule_sets) for one in settings if isinstance(one, registry.ReadsRules)}:
        source = RuleSource(folder, accept=accept_rules, archive=RuleArchive(sets) if sets else None)
        for fault in source.faults:
            click.echo(f"banyan: rules not taken, {source.current().version} stays in force: {fault}", err=True)


def _await_databases(owners: list[str]) -> None:
    """Return once every database can be reached and suits this release; raises NotAllowed naming what helps.

    A server that does not answer is waited for, as the broker is: it may be starting, or restarting. A database that a
    newer release has migrated suits as long as its migrations are compatible.
    """
    import time

    import structlog

    from shared.observability.logging import configure_logging
    from shared.persistence.migrations import standing

    configure_logging(BusSettings.from_environment(os.environ).log_style)
    pause = _FIRST_PAUSE
    waiting = list(owners)
    while waiting:
        service = waiting[0]
        try:
            with _database(service) as database:
                found = standing(database, registry.migrations_of(service))
        except registry.DatabaseUnavailable as fault:
            structlog.get_logger(__name__).warning("database_unreachable", error=fault.message, retry_seconds=pause)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        if found == "behind":
            message = f"the database of {service} lacks a migration: banyan migrate {service}"
            raise NotAllowed(message, details={"service": service})
        waiting.pop(0)


@contextmanager
def _database(service: str) -> Iterator["Database"]:
    """Open a service's database for as long as the block lasts; raises DatabaseUnavailable where no server answers."""
    from shared.persistence.database import Database

    with closing(Database(registry.database_url(service, os.environ))) as database, registry.reaching_database(service):
        yield database
