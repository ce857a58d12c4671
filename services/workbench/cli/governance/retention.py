"""`banyan governance prune`: delete what is older than it need be."""

import time
from collections.abc import Iterator

import click
import msgspec

from services.workbench.cli import bus
from services.workbench.cli.console import busy, json_option, print_json
from shared.contracts.governance import Pruned

_PATIENCE = 300.0  # seconds; a call deletes some 100,000 rows
_PAUSE = 1.0  # seconds, where another process is deleting


@click.command()
@click.option("--until-done", is_flag=True, help="直至删完 · Go on until nothing old is left")
@json_option
def prune(*, until_done: bool, as_json: bool) -> None:
    """删除过期数据 · Delete contacts, verdicts and outcomes older than BANYAN_GOVERNANCE_KEEP_DAYS.

    One call deletes about 100,000 rows, in short transactions beside whoever reserves; governance does the same by
    itself once a minute where BANYAN_TIMERS is on. Running it twice does no harm.
    """
    done: Pruned | None = None
    with busy("删除中 · deleting …"):
        for one in _calls(until_done=until_done):
            done = one if done is None else _sum(done, one)
            if until_done and not as_json and _rows(one):
                click.echo(f"{_rows(done):,} …", err=True)
    if done is None:
        return
    if as_json:
        print_json(done)
        return
    click.echo(
        f"{done.before:%Y-%m-%d %H:%M%z} 之前 · before then: {done.contacts:,} contacts, "
        f"{done.suppressions:,} suppressions, {done.outcomes:,} outcomes, {done.batches:,} batches"
    )
    if not done.is_finished:
        click.echo("还有数据待删除 · There is more to delete: --until-done")


def _calls(*, until_done: bool) -> Iterator[Pruned]:
    with bus.open_client() as client:
        while True:
            one = msgspec.convert(client.call("governance_bulk", "prune", timeout=_PATIENCE), Pruned)
            yield one
            if one.is_finished or not until_done:
                return
            if not _rows(one):
                time.sleep(_PAUSE)


def _rows(done: Pruned) -> int:
    return done.contacts + done.suppressions + done.outcomes + done.batches


def _sum(one: Pruned, other: Pruned) -> Pruned:
    names = ("contacts", "suppressions", "outcomes", "batches")
    return msgspec.structs.replace(other, **{name: getattr(one, name) + getattr(other, name) for name in names})
