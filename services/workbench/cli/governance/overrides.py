"""`banyan governance override` and `audit`: two persons lift a list effect; who did what about a subscriber."""

import uuid
from datetime import datetime

import click

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.governance.options import Moment, author_option, reason_option, scope_options
from shared.contracts.governance import AuditNote, Override, OverrideProposal

_STATES = {
    "proposed": "待批准 · proposed, another person must approve it",
    "in_force": "已批准 · approved",
    "withdrawn": "已撤回 · withdrawn",
    "ended": "已到期 · ended",
}


@click.group()
def override() -> None:
    """双人例外 · Let one subscriber be contacted although a list says no; two persons must agree."""


@override.command()
@click.argument("customer_id")
@click.argument("rule_id")
@reason_option
@author_option
@click.option("--until", "ends_at", type=Moment(), required=True, help="截止时间 · When it ends; at most 400 days")
@scope_options
@click.option("--id", "override_id", help="编号 · An id of your own: the same proposal again is one")
@json_option
def propose(
    customer_id: str,
    rule_id: str,
    reason: str,
    author: str,
    ends_at: datetime,
    starts_at: datetime | None,
    channel: str | None,
    category: str | None,
    override_id: str | None,
    *,
    as_json: bool,
) -> None:
    """提出例外 · Propose to lift the list effect RULE_ID for CUSTOMER_ID; the rule must say `override: two_persons`."""
    proposal = OverrideProposal(
        override_id=override_id or uuid.uuid4().hex,
        customer_id=customer_id,
        rule_id=rule_id,
        reason=reason,
        author=author,
        ends_at=ends_at,
        starts_at=starts_at,
        channel=channel,
        category=category,
    )
    _told(ask(Override, "governance", "override_propose", proposal=proposal), as_json=as_json)


@override.command()
@click.argument("override_id")
@author_option
@json_option
def approve(override_id: str, author: str, *, as_json: bool) -> None:
    """批准例外 · Approve the proposal OVERRIDE_ID of another person: it is in force at once."""
    _told(ask(Override, "governance", "override_approve", override_id=override_id, author=author), as_json=as_json)


@override.command()
@click.argument("override_id")
@reason_option
@author_option
@json_option
def withdraw(override_id: str, reason: str, author: str, *, as_json: bool) -> None:
    """撤回例外 · Take OVERRIDE_ID back, approved or not: it lifts nothing from now on."""
    answer = ask(Override, "governance", "override_withdraw", override_id=override_id, author=author, reason=reason)
    _told(answer, as_json=as_json)


@override.command()
@click.argument("customer_id")
@json_option
def show(customer_id: str, *, as_json: bool) -> None:
    """查看例外 · Show the overrides of CUSTOMER_ID, newest first."""
    overrides = ask(list[Override], "governance", "overrides", customer_id=customer_id)
    if as_json:
        print_json(overrides)
        return
    print_table(
        ["override", "rule", "state", "from", "until", "channel", "category", "proposed by", "approved by", "reason"],
        [
            (
                *(one.override_id, one.rule_id, one.state, _moment(one.starts_at), _moment(one.ends_at)),
                *(one.channel, one.category, one.proposed_by, one.approved_by, one.reason),
            )
            for one in overrides
        ],
    )


@click.command()
@click.argument("customer_id")
@json_option
def audit(customer_id: str, *, as_json: bool) -> None:
    """审计记录 · List who did what about CUSTOMER_ID, newest first."""
    notes = ask(list[AuditNote], "governance", "audit", customer_id=customer_id)
    if as_json:
        print_json(notes)
        return
    rows = [
        (f"{one.at.astimezone():%Y-%m-%d %H:%M:%S%z}", one.author, one.action, one.subject, one.detail) for one in notes
    ]
    print_table(["at", "by", "did", "about", "detail"], rows)


def _told(answer: Override, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer.override_id} · {_STATES[answer.state]}")


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone():%Y-%m-%d %H:%M%z}"
