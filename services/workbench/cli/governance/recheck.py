"""`banyan governance recheck`: judge reservations again under what is in force now."""

from typing import Any

import click

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, language_option, print_json, print_table
from services.workbench.cli.governance.explain import in_language
from shared.contracts.governance import Verdict


@click.command()
@click.argument("contact_ids", nargs=-1, required=True)
@language_option
@json_option
def recheck(contact_ids: tuple[str, ...], lang: str, *, as_json: bool) -> None:
    """派发前复核预留 · Judge the reservations CONTACT_IDS again; those that no longer hold are withdrawn.

    Exits with 1 where one of them may not be used.
    """
    verdicts = ask(list[Verdict], "governance", "recheck", contact_ids=list(contact_ids))
    if as_json:
        print_json(verdicts)
    else:
        print_table(["contact", "verdict", "rule", "reason", "possible from"], [_row(one, lang) for one in verdicts])
    if any(one.verdict == "suppress" for one in verdicts):
        raise SystemExit(1)


def _row(verdict: Verdict, lang: str) -> tuple[Any, ...]:
    reason = verdict.reasons[0] if verdict.reasons else None
    moment = verdict.next_allowed_at
    return (
        verdict.contact_id,
        verdict.verdict,
        reason and reason.rule_id,
        reason and in_language(reason.text, lang),
        None if moment is None else f"{moment:%Y-%m-%d %H:%M %Z}",
    )
