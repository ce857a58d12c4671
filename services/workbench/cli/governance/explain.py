"""`banyan governance explain` and `history`: why contacts were permitted or suppressed."""

import click

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, language_option, print_json, print_table
from shared.contracts.governance import Receipt


@click.command()
@click.argument("contact_id")
@language_option
@json_option
def explain(contact_id: str, lang: str, *, as_json: bool) -> None:
    """说明一次触达的决定 · Say why the contact CONTACT_ID was permitted or suppressed."""
    receipt = ask(Receipt, "governance", "explain", contact_id=contact_id)
    if as_json:
        print_json(receipt)
        return
    click.echo(receipt.explanation_zh if lang == "zh" else receipt.explanation_en)
    click.echo()
    reasons = receipt.verdict.reasons
    print_table(["rule", "version", "reason"], [(one.rule_id, one.rule_version, one.text) for one in reasons])
    if receipt.counters:
        print_table(["limit", "used", "of"], [(one.rule_id, one.used, one.limit) for one in receipt.counters])
    click.echo(f"{receipt.state} · {receipt.decided_at:%Y-%m-%d %H:%M:%S%z} · rules {receipt.rule_set}")


@click.command()
@click.argument("customer_id")
@json_option
def history(customer_id: str, *, as_json: bool) -> None:
    """列出一位客户的全部决定 · List every decision about CUSTOMER_ID, newest first."""
    receipts = ask(list[Receipt], "governance", "history", customer_id=customer_id)
    if as_json:
        print_json(receipts)
        return
    print_table(
        ["decided", "contact", "campaign", "channel", "verdict", "state", "decisive reason"],
        [
            (
                f"{one.decided_at:%Y-%m-%d %H:%M}",
                one.request.contact_id,
                one.request.campaign_id,
                one.request.channel,
                one.verdict.verdict,
                one.state,
                one.verdict.reasons[0].text if one.verdict.reasons else None,
            )
            for one in receipts
        ],
    )
