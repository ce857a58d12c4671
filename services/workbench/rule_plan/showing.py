"""A plan as people read it at a terminal: tables with small bars."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from services.workbench.rule_plan.headline import edits, headline, kind_of, moved_groups, notes
from services.workbench.rule_plan.report import ContactEstimate, Effect, GroupCount, PlanReport
from shared.kernel.text import Text

_BAR = 12
_PIPED_WIDTH = 160
_SHOWN_GROUPS = 12


def show(report: PlanReport, language: str) -> None:
    """Print the plan."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(Styled(headline(report).in_language(language), style="bold"))
    console.print(
        Styled(f"{report.before.label} {report.before.rule_set} → {report.after.label} {report.after.rule_set}")
    )
    for text in edits(report):
        console.print(Styled(f"  {text.in_language(language)}"))
    if report.effects:
        console.print(_effects(report.effects, language))
    for effect in report.effects:
        if effect.gained or effect.lost:
            _show_details(console, effect, language)
    if report.contacts is not None:
        console.print(_contacts(report.contacts, language))
    for note in notes(report):
        console.print(Styled(f"· {note.in_language(language)}", style="dim"))


def _effects(effects: Sequence[Effect], language: str) -> Table:
    table = _table(Text("类别|编号|前|后|增|减|", "kind|id|before|after|gained|lost|"), language)
    most = max((effect.gained + effect.lost for effect in effects), default=0)
    for effect in effects:
        kind = kind_of(effect).in_language(language)
        counts = (f"{effect.before:,}", f"{effect.after:,}", _plus(effect.gained), _minus(effect.lost))
        table.add_row(Styled(kind), Styled(effect.id), *counts, _bar(effect.gained, effect.lost, most))
    return table


def _show_details(console: Console, effect: Effect, language: str) -> None:
    console.print(Styled(f"\n{kind_of(effect).in_language(language)} {effect.id}", style="bold"))
    for each in effect.reasons:
        sign = _plus(each.subscribers) if each.direction == "gained" else _minus(each.subscribers)
        console.print(Styled("  ").append_text(sign).append(f"  {Text(each.zh, each.en).in_language(language)}"))
    for words, groups in ((Text("地市", "city"), effect.cities), (Text("品牌", "brand"), effect.brands)):
        console.print(_groups(words, moved_groups(groups)[:_SHOWN_GROUPS], language))
    for words, ids in (
        (Text("增样本", "gained, e.g."), effect.gained_sample),
        (Text("减样本", "lost, e.g."), effect.lost_sample),
    ):
        if ids:
            console.print(Styled(f"  {words.in_language(language)}: {', '.join(ids)}"))


def _groups(words: Text, groups: Sequence[GroupCount], language: str) -> Table:
    table = _table(Text(f"  {words.zh}|增|减|保持|", f"  {words.en}|gained|lost|kept|"), language)
    most = max((group.gained + group.lost for group in groups), default=0)
    for group in groups:
        said = Styled("  " + Text(group.zh, group.en).in_language(language))
        bar = _bar(group.gained, group.lost, most)
        table.add_row(said, _plus(group.gained), _minus(group.lost), f"{group.kept:,}", bar)
    return table


def _contacts(contacts: ContactEstimate, language: str) -> Table:
    heads = Text("活动|受众|→|合格|→|触达|→|", "campaign|audience|→|eligible|→|contacts|→|")
    table = _table(heads, language)
    most = max((abs((one.contacts_after or 0) - (one.contacts_before or 0)) for one in contacts.campaigns), default=0)
    for one in contacts.campaigns:
        figures = (
            (one.audience_before, one.audience_after),
            (one.eligible_before, one.eligible_after),
            (one.contacts_before, one.contacts_after),
        )
        shown = ["–" if figure is None else f"{figure:,}" for pair in figures for figure in pair]
        more = (one.contacts_after or 0) - (one.contacts_before or 0)
        table.add_row(Styled(one.campaign), *shown, _bar(max(more, 0), max(-more, 0), most))
    table.add_row("Σ", "", "", "", "", f"{contacts.before:,}", f"{contacts.after:,}", "")
    return table


def _table(heads: Text, language: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    first, *others = heads.in_language(language).split("|")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name in {"", "id", "编号"} else "right", overflow="fold")
    return table


def _bar(gained: int, lost: int, most: int) -> Styled:
    def length(count: int) -> int:
        return max(1, round(_BAR * count / most)) if count and most else 0

    return Styled("█" * length(gained), style="green").append("█" * length(lost), style="red")


def _plus(count: int) -> Styled:
    return Styled(f"+{count:,}" if count else "0", style="green" if count else "dim")


def _minus(count: int) -> Styled:
    return Styled(f"−{count:,}" if count else "0", style="red" if count else "dim")
