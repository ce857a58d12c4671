"""The few sentences and rows that a plan's table and its Markdown have in common."""

from collections.abc import Iterable

from services.workbench.rule_plan.report import Effect, GroupCount, PlanReport
from shared.kernel.text import Text

_KINDS = {
    "segment": Text("分群", "segment"),
    "eligibility": Text("资格规则", "eligibility rule"),
    "offering": Text("产品", "offering"),
}
_STATUSES = {"changed": Text("修改", "changed"), "added": Text("新增", "added"), "removed": Text("删除", "removed")}
_BY_EVENTS = frozenset({"triggers", "events"})
SYNTHETIC = Text("合成数据，非真实用户", "synthetic subscribers, not real people")


def kind_of(effect: Effect) -> Text:
    """Name the kind of thing an effect is about, and whether it is new or gone."""
    kind, status = _KINDS[effect.kind], _STATUSES[effect.status]
    if effect.status == "changed":
        return kind
    return Text(f"{kind.zh}（{status.zh}）", f"{kind.en} ({status.en})")


def headline(report: PlanReport) -> Text:
    """Say in one sentence what the change does."""
    moved = [effect for effect in report.effects if effect.gained or effect.lost]
    if not report.edits:
        return Text("两个版本的规则相同。", "Both versions of the rules are the same.")
    number = len(report.edits)
    zh, en = f"改动 {number} 处", f"{number} things differ" if number > 1 else "1 thing differs"
    if not moved and report.contacts is None:
        return Text(zh + "，不影响任何用户和触达。", en + "; no subscriber and no contact is affected.")
    for kind, words in _KINDS.items():
        effects = [effect for effect in moved if effect.kind == kind]
        if effects:
            gained, lost = sum(each.gained for each in effects), sum(each.lost for each in effects)
            zh += f"；{len(effects)} 个{words.zh}共增 {gained:,}、减 {lost:,}"
            en += f"; {len(effects)} {words.en}{'s' if len(effects) > 1 else ''}: +{gained:,} −{lost:,}"
    if report.contacts is not None:
        before, after = report.contacts.before, report.contacts.after
        zh += f"；预计触达 {before:,} → {after:,}"
        en += f"; expected contacts {before:,} → {after:,}"
    return Text(zh + "。", en + ".")


def edits(report: PlanReport) -> list[Text]:
    """Name what differs."""
    return [
        Text(
            f"{each.kind}/{each.id}（{_STATUSES[each.status].zh}）",
            f"{each.kind}/{each.id} ({_STATUSES[each.status].en})",
        )
        for each in report.edits
    ]


def notes(report: PlanReport) -> list[Text]:
    """Say what to keep in mind when reading the figures."""
    found = [
        Text(
            f"基准：{report.base}，{report.subscribers:,} 户；判断日 {report.on}",
            f"base: {report.base}, {report.subscribers:,} subscribers; judged on {report.on}",
        )
    ]
    if report.is_synthetic:
        found.append(SYNTHETIC)
    if report.refused_rows:
        found.append(Text(f"{report.refused_rows:,} 行无法读取", f"{report.refused_rows:,} rows could not be read"))
    unknown = sorted({*report.before.unknown_facts, *report.after.unknown_facts})
    if unknown:
        names = ", ".join(unknown)
        found.append(Text(f"基准中对所有人未知的事实：{names}", f"facts this base knows of nobody: {names}"))
    if report.contacts is not None:
        judged = report.contacts.judged
        found.append(
            Text(
                f"触达为估算：按 {judged:,} 户抽样逐日推演后放大，无历史触达与名单；能力与配速按比例折算",
                f"contacts are an estimate: {judged:,} subscribers lived through day by day and scaled up, without past"
                " contacts or lists; capacity and pace are cut to the sample",
            )
        )
    if report.contacts is not None and report.contacts.by_trigger:
        names = ", ".join(report.contacts.by_trigger)
        found.append(Text(f"按触发加入的阶段未计入：{names}", f"phases by trigger are left out: {names}"))
    if any(edit.kind in _BY_EVENTS for edit in report.edits):
        found.append(
            Text("触发规则的影响取决于今后的事件，未计入", "what triggers do depends on events to come: not counted")
        )
    return found


def moved_groups(groups: Iterable[GroupCount]) -> list[GroupCount]:
    """Return the groups in which somebody was gained or lost, the most affected first."""
    moved = [group for group in groups if group.gained or group.lost]
    return sorted(moved, key=lambda group: (-group.gained - group.lost, group.value or ""))
