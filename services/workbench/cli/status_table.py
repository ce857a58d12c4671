"""`banyan status` for people: tables in colour, what is wrong in red, what to do under it."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.workbench.cli.status_findings import DEAD, Answer, Finding, Seen

_WORDS = {
    "zh": (
        ["容器", "", "副本", "毫秒", "规则集", "数据库", "发件箱", "滞后 秒", "说明"],
        ["队列", "消息", "消费者"],
        ["死信队列", "条"],
        "一切正常",
    ),
    "en": (
        ["container", "", "replicas", "ms", "rule set", "database", "outbox", "lag s", ""],
        ["queue", "messages", "consumers"],
        ["parked in", "messages"],
        "all is well",
    ),
}
_PIPED_WIDTH = 400


def console_for_tables() -> Console:
    """Return where tables go; piped into a file, each row stays on one line."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def answers_table(answers: Sequence[Answer], replicas: dict[str, int] | None = None, lang: str = "zh") -> Table:
    """Return a row per container; `replicas` is left out where nobody counted them."""
    rows = []
    for one in answers:
        count = None if replicas is None else replicas.get(one.container, 0)
        lag = one.outbox_oldest_seconds if one.outbox_rows else None
        mark = Text("✓", "green") if one.is_well else Text("✗", "bold red")
        database = {True: Text("✓", "green"), False: Text("✗", "bold red"), None: None}[one.database]
        rows.append(
            (one.container, mark, count, one.answered_in_ms, one.rule_set, database, one.outbox_rows, lag, one.fault)
        )
    return _table(_WORDS[lang][0], rows)


def picture(seen: Seen, findings: Sequence[Finding], lang: str) -> RenderableType:
    """Return everything seen, and what is wrong with it."""
    _, queue_heads, dead_heads, well = _WORDS[lang]
    parts: list[RenderableType] = [Text(f"{seen.at.astimezone():%Y-%m-%d %H:%M:%S}", "dim")]
    parts.append(answers_table(seen.containers, _replicas(seen), lang))
    dead = [
        (queue.name.removeprefix(DEAD), queue.messages)
        for queue in seen.queues
        if _is_dead(queue.name) and queue.messages
    ]
    busy = [
        (queue.name, queue.messages, queue.consumers)
        for queue in seen.queues
        if not _is_dead(queue.name) and (queue.messages or _lacks_consumers(queue.name, queue.consumers))
    ]
    parts += ["", _table(queue_heads, busy)] if busy else []
    parts += ["", _table(dead_heads, dead)] if dead else []
    parts.append("")
    parts += [_told(one, lang) for one in findings] or [Text(f"✓ {well}", "green")]
    return Group(*parts)


def _told(one: Finding, lang: str) -> Text:
    what, then = (one.zh, one.next_zh) if lang == "zh" else (one.en, one.next_en)
    return Text.assemble((f"✗ {what}", "red"), (f"\n  → {then}", "dim"))


def _replicas(seen: Seen) -> dict[str, int]:
    present = Counter(one.container for one in seen.processes)
    return {one.container: max(seen.replicas.get(one.container, 0), present[one.container]) for one in seen.containers}


def _is_dead(queue: str) -> bool:
    return queue.startswith(DEAD)


def _lacks_consumers(queue: str, consumers: int) -> bool:
    return not consumers and queue.startswith(("rpc-", "evt-"))


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text("–" if cell is None else str(cell)) for cell in row))
    return table
