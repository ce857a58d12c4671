"""`banyan backup`: the five databases together, into a folder and out of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import click

from services.workbench import registry
from services.workbench.cli.console import json_option, print_json, print_table

_SHOWN = 20
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def backup() -> None:
    """备份与恢复 · Back the databases up, restore them, check what the ledger knows."""


@backup.command()
@click.argument("folder", type=_FOLDER)
@json_option
def create(folder: Path, *, as_json: bool) -> None:
    """备份五个数据库 · Back all five databases up into FOLDER while services run; needs pg_dump.

    Their moments lie milliseconds apart, the ledger's last. Keep the erasure key apart from backups.
    """
    from services.workbench.backup.dumping import create as back_up

    with _reachable():
        manifest = back_up(folder, _urls())
    if as_json:
        print_json(manifest)
    else:
        print_table(
            ["service", "taken at", "bytes"], [(one.service, one.taken_at, one.bytes) for one in manifest.dumps]
        )


@backup.command()
@click.argument("folder", type=_FOLDER)
def restore(folder: Path) -> None:
    """恢复到空数据库 · Restore a backup into empty databases; needs pg_restore. Services must not run.

    Afterwards: empty virtual host, `banyan broker apply`, `banyan migrate`, `banyan backup check`, then serve and send
    the feeds again (docs/backup.md).
    """
    from services.workbench.backup.restoring import restore as put_back

    with _reachable():
        manifest = put_back(folder, _urls())
    ledger = manifest.dumps[-1]
    click.echo(f"{len(manifest.dumps)} databases restored; the ledger is of {ledger.taken_at.isoformat()}")
    click.echo("contacts made since then are in no database: see docs/backup.md before the first campaign runs")


@backup.command()
@click.option("--holds", type=click.Path(path_type=Path, dir_okay=False), help="名单文件 · File for the black list")
@click.option("--days", type=click.IntRange(min=1), default=31, show_default=True, help="有效天数 · How long they hold")
@json_option
@click.pass_context
def check(ctx: click.Context, holds: Path | None, days: int, *, as_json: bool) -> None:
    """核对账本 · Find contacts that channels or campaigns know and the ledger does not; exit code 1 if there are any.

    --holds writes their subscribers as a file for `banyan governance list import black`, so that no limit is exceeded.
    """
    from services.workbench.backup.agreement import unledgered, write_holds

    with _reachable():
        found = unledgered(_urls())
        if holds is not None:
            kept = list(found)
            count = write_holds(holds, kept, datetime.now(UTC) + timedelta(days=days))
            found = iter(kept)
            click.echo(f"{count} subscribers in {holds}", err=True)
        shown = list(islice(found, None if as_json else _SHOWN))
        rest = sum(1 for _ in found)
    if as_json:
        print_json(shown)
    elif shown:
        print_table(
            ["service", "contact", "subscriber"], [(one.service, one.contact_id, one.customer_id) for one in shown]
        )
        click.echo(f"{len(shown) + rest} contacts are not in the ledger")
    else:
        click.echo("the ledger knows every contact that channels and campaigns know")
    ctx.exit(1 if shown else 0)


def _urls() -> dict[str, str]:
    return {service: registry.database_url(service, os.environ) for service in registry.SERVICES}


@contextmanager
def _reachable() -> Iterator[None]:
    """Raise DatabaseUnavailable where a server does not answer."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as fault:
        first = str(fault.orig).strip().splitlines()[0]
        raise registry.DatabaseUnavailable(f"a database cannot be used: {first}") from fault
