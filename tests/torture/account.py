"""What went wrong in words: subscriber, policy, window, contacts, and who was told what."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.torture.recount import Breach
from tests.torture.windows import FOREVER, Life

_MOST = 200


class Problem(NamedTuple):
    """Something told or kept that is not so."""

    what: str
    about: str
    detail: str


def write_account(
    folder: Path, excesses: Sequence[Breach], problems: Sequence[Problem], told: Mapping[str, Sequence[str]]
) -> None:
    """Write `account.txt` into the folder; nothing where nothing is wrong."""
    if not excesses and not problems:
        return
    text = "\n".join(_lines(excesses, problems, told))
    (folder / "account.txt").write_text(text + "\n", "utf-8")


def _lines(excesses: Sequence[Breach], problems: Sequence[Problem], told: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "Windows that hold too much:"
    for (source, rule_id), count in sorted(Counter((one.source, one.rule_id) for one in excesses).items()):
        yield f"  {count:6} {rule_id} (by the {source})"
    yield "Other problems:"
    for what, count in sorted(Counter(one.what for one in problems).items()):
        yield f"  {count:6} {what}"
    for one in excesses[:_MOST]:
        yield ""
        yield f"{one.added.customer_id}: {one.rule_id} permits {one.limit}, the {one.source} has {len(one.window)}"
        yield f"  with {_life(one.added)}"
        for life in sorted(one.window, key=lambda life: life.at):
            yield f"    {_life(life)}"
            yield from (f"      {line}" for line in told.get(life.contact_id, ()))
    yield ""
    yield from (f"{one.about}: {one.what}: {one.detail}" for one in problems[:_MOST])


def _life(one: Life) -> str:
    parts = [
        f"{one.contact_id} {one.channel} {one.category} {one.purpose} {one.direction}",
        f"for {_moment(one.at)} ({one.zone})",
        f"decided as {one.order} at {_moment(one.clock)}" if one.order != FOREVER else "never permitted",
    ]
    if one.expires != FOREVER:
        parts.append(f"place until {_moment(one.expires)}")
    if one.ends != FOREVER:
        parts.append(f"released as {one.ends}")
    if one.made_at is not None:
        parts.append(f"made at {_moment(one.made_at)} as {one.made_order}")
    if one.flagged_order != FOREVER:
        parts.append("flagged")
    return ", ".join(parts)


def _moment(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="milliseconds")
