"""`banyan governance subscriber`: tell a subscriber everything that is held, and erase it."""

from pathlib import Path

import click
import msgspec

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.governance.options import author_option, reason_option
from shared.contracts.governance import Erasure, SubscriberRecord


@click.group()
def subscriber() -> None:
    """客户数据 · Export what governance holds about one subscriber, or erase it."""


@subscriber.command("export")
@click.argument("customer_id")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=False)
@author_option
@json_option
def export_record(customer_id: str, file: Path | None, author: str, *, as_json: bool) -> None:
    """导出客户全部数据（JSON）· Write everything held about CUSTOMER_ID to FILE, or print it; noted in the audit.

    The record is JSON in any case; --json tells in JSON what was written to FILE.
    """
    record = ask(SubscriberRecord, "governance", "subscriber_export", customer_id=customer_id, author=author)
    if file is None:
        print_json(record)
        return
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    except OSError as fault:
        raise click.FileError(str(file), hint=fault.strerror) from fault
    if as_json:
        print_json({"file": str(file), "receipts": len(record.receipts), "audit": len(record.audit)})
    else:
        click.echo(f"已导出 · {len(record.receipts)} receipts, {len(record.audit)} audit notes → {file}")


@subscriber.command()
@click.argument("customer_id")
@author_option
@reason_option
@click.option("--yes", is_flag=True, help="不再询问 · Do not ask again")
@json_option
def erase(customer_id: str, author: str, reason: str, *, yes: bool, as_json: bool) -> None:
    """抹除客户数据 · Keep what counts for CUSTOMER_ID under a pseudonym; who it was, nobody can read any more.

    Limits, lists and cooling-off go on protecting the subscriber; overrides end. This cannot be taken back. Governance
    needs BANYAN_GOVERNANCE_ERASURE_KEY. The reason is kept, so it must not name the subscriber.
    """
    if not yes:
        click.confirm(f"抹除 {customer_id}，不可恢复 · Erase {customer_id} for good?", abort=True, err=True)
    done = ask(Erasure, "governance", "subscriber_erase", customer_id=customer_id, author=author, reason=reason)
    if as_json:
        print_json(done)
        return
    click.echo(f"已抹除 · erased at {done.at:%Y-%m-%d %H:%M:%S%z}; kept under a pseudonym:")
    print_table(
        ["contacts", "suppressions", "list entries", "outcomes"],
        [(done.contacts, done.suppressions, done.entries, done.outcomes)],
    )
