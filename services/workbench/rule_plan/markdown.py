"""A plan as Markdown for a merge request: headline, tables, and what takes room folded away."""

from collections.abc import Iterable, Iterator, Sequence

from services.workbench.rule_plan.headline import edits, headline, kind_of, moved_groups, notes
from services.workbench.rule_plan.report import CampaignContacts, ContactEstimate, Effect, GroupCount, PlanReport
from shared.kernel.text import Text

_HEADS = Text("对象|前|后|增|减|首要原因", "what|before|after|gained|lost|first reason")
_CONTACT_HEADS = Text(
    "活动|受众 前→后|合格 前→后|触达 前→后",
    "campaign|audience, before → after|eligible, before → after|contacts, before → after",
)


def as_markdown(report: PlanReport, language: str) -> str:
    """Return the plan as Markdown in one language."""

    def say(text: Text) -> str:
        return text.in_language(language)

    return "\n".join(_lines(report, language, say(headline(report)))) + "\n"


def _lines(report: PlanReport, language: str, title: str) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield " → ".join(f"`{one.rule_set}` ({_cell(one.label)})" for one in (report.before, report.after))
    moved = [effect for effect in report.effects if effect.gained or effect.lost]
    if moved:
        yield ""
        yield from _table(_HEADS.in_language(language), (_row(effect, language) for effect in moved))
    if report.contacts is not None:
        yield ""
        yield from _table(_CONTACT_HEADS.in_language(language), _contact_rows(report.contacts))
    for effect in moved:
        yield from _details(effect, language)
    if report.edits:
        yield from _folded(
            Text("改动清单", "what differs").in_language(language),
            [f"- {_cell(text.in_language(language))}" for text in edits(report)],
        )
    yield ""
    for note in notes(report):
        yield f"- {_cell(note.in_language(language))}"


def _row(effect: Effect, language: str) -> Sequence[str]:
    reason = next((Text(each.zh, each.en).in_language(language) for each in effect.reasons), "")
    name = f"{kind_of(effect).in_language(language)} `{effect.id}`"
    return name, f"{effect.before:,}", f"{effect.after:,}", f"+{effect.gained:,}", f"−{effect.lost:,}", _cell(reason)


def _contact_rows(contacts: ContactEstimate) -> Iterator[Sequence[str]]:
    def pair(before: int | None, after: int | None) -> str:
        return " → ".join("–" if figure is None else f"{figure:,}" for figure in (before, after))

    def row(one: CampaignContacts) -> Sequence[str]:
        return (
            f"`{one.campaign}`",
            pair(one.audience_before, one.audience_after),
            pair(one.eligible_before, one.eligible_after),
            pair(one.contacts_before, one.contacts_after),
        )

    for one in contacts.campaigns:
        yield row(one)
    yield "**Σ**", "", "", f"**{contacts.before:,} → {contacts.after:,}**"


def _details(effect: Effect, language: str) -> Iterator[str]:
    zh = language.startswith("zh")
    lines = [
        f"- {'增' if zh else 'gained'} {each.subscribers:,}: {_cell(each.zh if zh else each.en)}"
        if each.direction == "gained"
        else f"- {'减' if zh else 'lost'} {each.subscribers:,}: {_cell(each.zh if zh else each.en)}"
        for each in effect.reasons
    ]
    for heading, groups in (
        ("地市|增|减|保持" if zh else "city|gained|lost|kept", effect.cities),
        ("品牌|增|减|保持" if zh else "brand|gained|lost|kept", effect.brands),
    ):
        lines += ["", *_table(heading, (_group(group, language) for group in moved_groups(groups)))]
    for word, ids in (
        ("增样本" if zh else "gained, e.g.", effect.gained_sample),
        ("减样本" if zh else "lost, e.g.", effect.lost_sample),
    ):
        if ids:
            lines += ["", f"{word}: " + ", ".join(f"`{one}`" for one in ids)]
    yield from _folded(
        f"{kind_of(effect).in_language(language)} {effect.id}: +{effect.gained:,} −{effect.lost:,}", lines
    )


def _group(group: GroupCount, language: str) -> Sequence[str]:
    said = Text(group.zh, group.en).in_language(language)
    return _cell(said), f"+{group.gained:,}", f"−{group.lost:,}", f"{group.kept:,}"


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{_cell(summary)}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def _table(heads: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    names = heads.split("|")
    yield f"| {' | '.join(names)} |"
    yield f"|{'|'.join(['---', *['---:'] * (len(names) - 1)])}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    """Keep a text from ending a table's cell or opening a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
