"""`banyan campaigns`: where a campaign stands and how it went."""

import click

from services.workbench.cli.bus import ask
from services.workbench.cli.console import json_option, percent, print_json, print_table, yuan
from shared.contracts.campaigns import CampaignStatus, Evaluation


@click.group()
def campaigns() -> None:
    """活动状态与评估 · Where campaigns stand and how they went."""


@campaigns.command()
@click.argument("campaign_id")
@json_option
def status(campaign_id: str, *, as_json: bool) -> None:
    """查看活动状态与漏斗 · Show the state and funnel of CAMPAIGN_ID."""
    answer = ask(CampaignStatus, "campaigns", "status", campaign_id=campaign_id)
    if as_json:
        print_json(answer)
        return
    waiting = f" · awaiting {answer.awaiting_level}" if answer.awaiting_level else ""
    click.echo(f"{answer.name_zh} · {answer.name_en}: {answer.state}{waiting} · rules {answer.rule_set}")
    print_table(["stage", "subscribers"], answer.funnel.items())


@campaigns.command()
@click.argument("campaign_id")
@json_option
def evaluate(campaign_id: str, *, as_json: bool) -> None:
    """评估活动效果 · Show what came of CAMPAIGN_ID: funnel, cells against control, goals, money."""
    answer = ask(Evaluation, "campaigns_bulk", "evaluate", campaign_id=campaign_id)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{answer.name_zh} · {answer.name_en}: {answer.state} · rules {answer.rule_set}")
    print_table(["stage", "subscribers"], answer.funnel.items())
    print_table(
        ["phase", "cell", "members", "contacted", "accepted", "conversion", "uplift", "from", "to"],
        [
            (
                cell.phase,
                f"{cell.cell} (control)" if cell.is_control else cell.cell,
                cell.members,
                cell.contacted,
                cell.accepted,
                percent(cell.conversion),
                percent(cell.uplift),
                percent(cell.uplift_low),
                percent(cell.uplift_high),
            )
            for cell in answer.cells
        ],
    )
    print_table(
        ["goal", "target", "actual", "attained"],
        [(f"{one.name_zh} · {one.name_en}", one.target, one.actual, percent(one.attainment)) for one in answer.kpis],
    )
    _print_money(answer)
    print_table(
        ["stage", "rule", "left out because", "subscribers"],
        [(one.stage, one.rule_id, one.text, one.customers) for one in answer.suppressions],
    )


def _print_money(answer: Evaluation) -> None:
    money = answer.money
    print_table(
        ["contact cost", "gifts", "revenue", "cost per success", "return on cost"],
        [
            (
                yuan(money.contact_cost),
                yuan(money.gift_cost),
                yuan(money.revenue),
                yuan(money.cost_per_success),
                percent(money.return_on_cost),
            )
        ],
    )
