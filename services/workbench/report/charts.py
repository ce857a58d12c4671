"""Plots as inline SVG, drawn by pygal; the same figures give the same bytes."""

import re
from collections.abc import Sequence

import pygal
from pygal.style import Style

from services.workbench.report.summary import STAGES, Summary
from shared.contracts.campaigns import Evaluation

_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    font_family="system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    label_font_size=12,
    major_label_font_size=12,
    value_font_size=11,
    legend_font_size=12,
    title_font_size=15,
    colors=("#2f6f4f", "#d98e04", "#3b6ea8", "#a23b72", "#6b8e23", "#7a5195", "#b5542b", "#4d908e"),
)
# pygal writes the day into a comment, and its settings into scripts that nothing here reads
_UNWANTED = re.compile(r"<!--.*?-->|<script\b.*?</script>|<script\b[^>]*/>", re.DOTALL)


def funnel_chart(evaluations: Sequence[Evaluation]) -> str:
    """Draw how many subscribers each campaign has left at each stage."""
    chart = _chart(pygal.Bar, "funnel", "活动漏斗 Funnel", height=420, print_values=False)
    chart.x_labels = [f"{zh} {en}" for _, zh, en in STAGES]
    chart.x_label_rotation = 20
    for evaluation in evaluations:
        chart.add(evaluation.campaign_id, [evaluation.funnel.get(stage, 0) for stage, _, _ in STAGES])
    return _svg(chart)


def uplift_chart(evaluations: Sequence[Evaluation]) -> str:
    """Draw each campaign's conversion, treated beside control, in per cent."""
    chart = _chart(pygal.Bar, "uplift", "转化率：目标组与对照组 Conversion, treated beside control (%)", height=360)
    chart.x_labels = [evaluation.campaign_id for evaluation in evaluations]
    chart.x_label_rotation = 15
    chart.add("目标组 treated", [_conversion(evaluation, control=False) for evaluation in evaluations])
    chart.add("对照组 control", [_conversion(evaluation, control=True) for evaluation in evaluations])
    return _svg(chart)


def suppression_chart(evaluations: Sequence[Evaluation], *, most: int = 14) -> str:
    """Draw the commonest reasons why contacts were not made, over all campaigns."""
    totals: dict[str, int] = {}
    for evaluation in evaluations:
        for row in evaluation.suppressions:
            totals[row.rule_id] = totals.get(row.rule_id, 0) + row.customers
    top = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:most]
    chart = _chart(pygal.HorizontalBar, "why", "为何没有接触 Why contacts were not made", height=80 + 28 * len(top))
    chart.show_legend = False
    chart.x_labels = [rule_id for rule_id, _ in reversed(top)]
    chart.add("", [count for _, count in reversed(top)])
    return _svg(chart)


def daily_chart(summary: Summary) -> str:
    """Draw contacts per day and channel."""
    days = sorted({day for by_day in summary.contacts_by_day.values() for day in by_day})
    chart = _chart(pygal.StackedBar, "daily", "每日接触量 Contacts per day", height=320, print_values=False)
    chart.x_labels = [day[5:] for day in days]
    chart.x_label_rotation = 45
    for channel, by_day in sorted(summary.contacts_by_day.items()):
        chart.add(channel, [by_day.get(day, 0) for day in days])
    return _svg(chart)


def _conversion(evaluation: Evaluation, *, control: bool) -> float:
    cells = [cell for cell in evaluation.cells if cell.is_control is control]
    members = sum(cell.members for cell in cells)
    return round(100 * sum(cell.converted for cell in cells) / members, 2) if members else 0.0


def _chart(kind: type[pygal.Graph], name: str, title: str, **options: object) -> pygal.Graph:
    looks = {"print_values": True, **options}
    chart = kind(js=(), style=_STYLE, title=title, width=960, disable_xml_declaration=True, **looks)
    chart.uuid = name  # instead of a random one
    return chart


def _svg(chart: pygal.Graph) -> str:
    return _UNWANTED.sub("", chart.render(is_unicode=True))
