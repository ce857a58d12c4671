"""A replay's report for people, in Chinese or English."""

import click

from services.workbench.cli.console import percent, print_table
from services.workbench.rule_replay.report import ReplayPart, ReplayReport
from services.workbench.rule_replay.tally import Direction
from shared.kernel.text import Text
from shared.rulekit.model import RuleBook

_DIRECTIONS: dict[Direction, Text] = {
    "permit_to_suppress": Text("允许→不允许", "permit → suppress"),
    "suppress_to_permit": Text("不允许→允许", "suppress → permit"),
    "other_reason": Text("原因不同", "other reason"),
    "other_offering": Text("产品不同", "other offering"),
    "other_rank": Text("排序不同", "other rank"),
}
_PARTS = {"advice": Text("来访推荐", "advice"), "limits": Text("接触限制", "contact limits")}
_SUMMARY = (
    Text("决定", "decisions"),
    Text("重判", "judged"),
    Text("相同", "same"),
    Text("占比", "share"),
    *_DIRECTIONS.values(),
    Text("未重判", "left out"),
)
_CHANGES = (
    Text("决定", "decisions"),
    Text("变化", "change"),
    Text("规则", "rule"),
    Text("说明", "what it says"),
    Text("数量", "count"),
    Text("样本（决定 · 用户）", "samples (decision · subscriber)"),
)


def show(report: ReplayReport, book: RuleBook, language: str) -> None:
    """Print what differs, by direction and rule."""
    said = Text(
        f"按 {report.rules}（规则集 {report.rule_set}）重判，用时 {report.seconds:.1f} 秒",
        f"judged again under {report.rules} (rule set {report.rule_set}) in {report.seconds:.1f} s",
    )
    click.echo(said.in_language(language))
    under = ", ".join(f"{version} × {count}" for version, count in report.recorded_under.items()) or "–"
    click.echo(Text(f"原规则集：{under}", f"recorded under: {under}").in_language(language))
    parts = {"advice": report.advice, "limits": report.limits}
    print_table(
        [each.in_language(language) for each in _SUMMARY],
        [_summary(_PARTS[name].in_language(language), part) for name, part in parts.items()],
    )
    words = {name: rule.because for rules in book.by_kind.values() for name, rule in rules.items()}
    rows = [
        (
            _PARTS[name].in_language(language),
            _DIRECTIONS[change.direction].in_language(language),
            change.rule_id,
            words[change.rule_id].in_language(language) if change.rule_id in words else None,
            change.count,
            ", ".join(f"{each.decision} · {each.customer_id}" for each in change.samples),
        )
        for name, part in parts.items()
        for change in part.changes
    ]
    if rows:
        print_table([each.in_language(language) for each in _CHANGES], rows)
    for fault in report.unreadable:
        click.echo(fault)


def _summary(name: str, part: ReplayPart) -> tuple[object, ...]:
    share = percent(part.same / part.judged) if part.judged else None
    counts = (part.by_direction.get(direction, 0) for direction in _DIRECTIONS)
    return (name, part.judged, part.same, share, *counts, part.left_out)
