"""`banyan governance explain` and `history`: why contacts were permitted or suppressed."""

from datetime import datetime

import click

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, language_option, print_json, print_table
from shared.contracts.governance import Receipt, ReceiptFact
from shared.contracts.wire import Reason


@click.command()
@click.argument("contact_id")
@language_option
@json_option
def explain(contact_id: str, lang: str, *, as_json: bool) -> None:
    """说明一次触达的决定 · Say why the contact CONTACT_ID was permitted or suppressed, in words to read out."""
    receipt = ask(Receipt, "governance", "explain", contact_id=contact_id)
    if as_json:
        print_json(receipt)
        return
    click.echo(receipt.explanation_zh if lang == "zh" else receipt.explanation_en)
    _print_reasons("reason", receipt.verdict.reasons, lang)
    _print_reasons("withdrawn for", receipt.withdrawn, lang)
    if receipt.counters:
        click.echo()
        rows = [(one.rule_id, one.rule_version or None, one.limit, one.used) for one in receipt.counters]
        print_table(["limit", "version", "of", "used"], rows)
    if receipt.facts:
        click.echo()
        print_table(["fact", "name", "for", "since", "until", "detail"], [_fact(one) for one in receipt.facts])
    click.echo()
    click.echo(f"{_state(receipt)} · {_clock(receipt.decided_at)} · rules {receipt.rule_set}")


@click.command()
@click.argument("customer_id")
@language_option
@json_option
def history(customer_id: str, lang: str, *, as_json: bool) -> None:
    """列出一位客户的全部决定 · List every decision about CUSTOMER_ID, newest first."""
    receipts = ask(list[Receipt], "governance", "history", customer_id=customer_id)
    if as_json:
        print_json(receipts)
        return
    print_table(
        [
            "decided",
            "planned",
            "contact",
            "campaign",
            "channel",
            "verdict",
            "state",
            "decisive reason",
            "possible from",
        ],
        [
            (
                _clock(one.decided_at),
                _clock(one.request.planned_at),
                one.request.contact_id,
                one.request.campaign_id,
                one.request.channel,
                one.verdict.verdict,
                _state(one),
                _decisive(one, lang),
                _clock(one.verdict.next_allowed_at),
            )
            for one in receipts
        ],
    )


def _print_reasons(heading: str, reasons: list[Reason], lang: str) -> None:
    if reasons:
        click.echo()
        rows = [(one.rule_id, one.rule_version, in_language(one.text, lang)) for one in reasons]
        print_table(["rule", "version", heading], rows)


def in_language(text: str, lang: str) -> str:
    """Return the Chinese or the English half of a reason."""
    zh, _, en = text.partition(" / ")
    return zh if lang == "zh" or not en else en


def _fact(fact: ReceiptFact) -> tuple[object, ...]:
    only = ", ".join(part for part in (fact.channel, fact.category) if part)
    return fact.kind, fact.name, only or None, _clock(fact.since), _clock(fact.until), fact.detail


def _state(receipt: Receipt) -> str:
    return f"{receipt.state} (withdrawn)" if receipt.withdrawn else receipt.state


def _decisive(receipt: Receipt, lang: str) -> str | None:
    reasons = receipt.withdrawn or receipt.verdict.reasons
    return in_language(reasons[0].text, lang) if reasons else None


def _clock(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M %Z}"
