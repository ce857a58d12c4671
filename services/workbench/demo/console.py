"""What a person sees of a rehearsal in the terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

from services.workbench.report.summary import STAGES, ImportSummary, Summary
from shared.contracts.campaigns import CellResult, Evaluation

_REASONS_SHOWN = 4


def show(console: Console, summary: Summary) -> None:
    """Print the funnel, reasons, uplift, goals, money, promises and one story."""
    console.rule("[bold]Banyan")
    console.print(f"[yellow]{summary.label}[/yellow]  ·  rule set {summary.rule_set}  ·  seed {summary.seed}")
    _show_intake(console, summary.intake)
    console.print(_funnel(summary.evaluations))
    console.print(_results(summary.evaluations))
    console.print(_reasons(summary.evaluations))
    unknown = _unknown(summary.evaluations)
    if unknown.row_count:
        console.print(unknown)
    console.print(_promises(summary))
    if summary.not_made:
        console.print(
            f"获准后未进行 permitted and then not made: {summary.not_made:,} "
            "（例如客户拒绝或退订后被撤回 for instance withdrawn after a refusal or an opt-out）"
        )
    _tell(console, summary)


def _show_intake(console: Console, intake: ImportSummary) -> None:
    if not (intake.faulty_cells or intake.refused_rows):
        return
    console.print(
        f"[yellow]{intake.source}[/yellow]: {intake.subscribers:,} 行已导入 rows kept · {intake.faulty_cells:,} "
        f"处坏单元格 bad cells (fact unknown) · {intake.refused_rows:,} 行被拒 rows refused"
    )
    for fault in intake.first_faults:
        console.print(f"  [dim]{fault}[/dim]")


def _funnel(evaluations: list[Evaluation]) -> Table:
    table = Table(title="活动漏斗 Funnel (subscribers)", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("活动 campaign", no_wrap=True)
    for _, zh, en in STAGES:
        table.add_column(f"{zh}\n{en}".replace(" ", "\n"), justify="right", min_width=6)
    for evaluation in evaluations:
        counts = (f"{evaluation.funnel.get(stage, 0):,}" for stage, _, _ in STAGES)
        table.add_row(evaluation.campaign_id, *counts)
    return table


def _results(evaluations: list[Evaluation]) -> Table:
    table = Table(
        title="效果 Results: treated against control, goals, money", title_justify="left", box=box.SIMPLE_HEAD
    )
    for heading in (
        "活动 campaign",
        "转化 treated",
        "对照 control",
        "提升 uplift",
        "KPI 完成率",
        "成本 cost 元",
        "每成功 per success",
    ):
        table.add_column(heading, justify="left" if heading.startswith("活动") else "right")
    for evaluation in evaluations:
        treated = [cell for cell in evaluation.cells if not cell.is_control]
        control = [cell for cell in evaluation.cells if cell.is_control]
        here, there = _share(treated), _share(control)
        goals = "\n".join(f"{kpi.name_zh} {kpi.attainment:.0%}" for kpi in evaluation.kpis)
        money = evaluation.money
        per_success = "–" if money.cost_per_success is None else f"{money.cost_per_success / 100:.2f}"
        cost = f"{(money.contact_cost + money.gift_cost) / 100:,.0f}"
        uplift = f"{(here - there) * 100:+.1f}" if treated and control else "–"
        table.add_row(evaluation.campaign_id, f"{here:.1%}", f"{there:.1%}", uplift, goals, cost, per_success)
    return table


def _share(cells: list[CellResult]) -> float:
    members = sum(cell.members for cell in cells)
    return sum(cell.converted for cell in cells) / members if members else 0.0


def _reasons(evaluations: list[Evaluation]) -> Table:
    table = Table(
        title="为何没有接触 Why contacts were not made (most frequent)", title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("活动 campaign")
    table.add_column("环节 stage")
    table.add_column("原因 reason", overflow="fold")
    table.add_column("人数", justify="right")
    for evaluation in evaluations:
        for row in evaluation.suppressions[:_REASONS_SHOWN]:
            table.add_row(
                evaluation.campaign_id, row.stage, f"{row.text} [dim]{row.rule_id}[/dim]", f"{row.customers:,}"
            )
    return table


def _unknown(evaluations: list[Evaluation]) -> Table:
    table = Table(title="未知字段 Facts this base does not hold", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("活动 campaign")
    table.add_column("字段 fact (subscribers for whom it is unknown)", overflow="fold")
    for evaluation in evaluations:
        wanting = {fact: count for fact, count in evaluation.unknown_facts.items() if count}
        if wanting:
            facts = ", ".join(f"{fact} ({count:,})" for fact, count in sorted(wanting.items()))
            table.add_row(evaluation.campaign_id, facts)
    return table


def _promises(summary: Summary) -> Table:
    table = Table(title="承诺核对 Promises, recounted from report.json", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("承诺 promise", overflow="fold")
    table.add_column("核对 checked", justify="right")
    table.add_column("违反 breaches", justify="right")
    for check in summary.checks:
        colour = "red bold" if check.breaches else "green"
        table.add_row(
            f"{check.promise_zh} [dim]{check.promise_en}[/dim]",
            f"{check.checked:,}",
            f"[{colour}]{check.breaches}[/{colour}]",
        )
    return table


def _tell(console: Console, summary: Summary) -> None:
    console.print(f"\n[bold]一位客户的完整经过 One subscriber's whole story: {summary.story.customer_id}[/bold]")
    for line in summary.story.lines:
        console.print(f"[dim]{line.at:%m-%d %H:%M} UTC {line.campaign_id}[/dim] {line.zh} [dim]{line.en}[/dim]")
        for reason in line.reasons:
            console.print(f"    — {reason.text} [dim]{reason.rule_id}[/dim]")
