"""`banyan rules replay`: a rehearsal's decisions, copied until there are enough, judged again by one process.

Each copy is of other subscribers, four weeks after the one before it: the same weekdays, histories of its own, and
the operator's daily and hourly counters as full as they were.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from rich.progress import Progress

from services.governance.application.record import RecordedBatch, RecordedOutcome, RecordedOverrun, RecordedPermit
from services.governance.domain.contacts import Contact, ListMark
from services.workbench.rule_replay.reading import FIRST, LAST, FileRecords
from services.workbench.rule_replay.records import AdviceRecord, Record, SceneRecord, TermsRecord, weight
from shared.contracts.decisions import RecordedDecision
from tests.bench.figures import Aim, Figure, rate
from tests.support.deployment import ROOT

_APART = timedelta(weeks=4)
_MOST_SECONDS = 60.0
_NO_BATCH = 0


@dataclass(frozen=True, slots=True)
class Size:
    """How large the rehearsal is, and how many decisions to judge."""

    subscribers: int
    days: int
    decisions: int


FULL = Size(subscribers=3_000, days=10, decisions=100_000)
QUICK = Size(subscribers=600, days=4, decisions=5_000)


def measure(progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    """Return the seconds from the start of the command to its end, and what it told."""
    task = progress.add_task("replay", total=3)
    with tempfile.TemporaryDirectory(prefix="banyan-replay-") as room:
        folder = Path(room)
        _banyan("demo", "--subscribers", str(size.subscribers), "--days", str(size.days), "--out", str(folder / "demo"))
        progress.advance(task)
        databases = f"sqlite:///{folder}/demo/databases/{{service}}.sqlite"
        _banyan("rules", "replay", "--database", databases, "--export", str(folder / "once.jsonl"))
        decisions = _multiply(folder / "once.jsonl", folder / "many.jsonl", size.decisions)
        progress.advance(task)
        begun = time.perf_counter()
        report = json.loads(_banyan("rules", "replay", "--decisions", str(folder / "many.jsonl"), "--json"))
        seconds = time.perf_counter() - begun
        megabytes = (folder / "many.jsonl").stat().st_size / 1e6
    progress.advance(task)
    name = f"replay of {decisions:,} recorded decisions"
    aim = Aim("at most", _MOST_SECONDS, judged="value") if size.decisions >= FULL.decisions else None
    figures = [
        Figure(name, "s", seconds, "the aim", _MOST_SECONDS, aim),
        Figure("decisions judged again", "1/s", rate(decisions, seconds), "the aim", size.decisions / _MOST_SECONDS),
    ]
    told = {part: {key: report[part][key] for key in ("judged", "same", "left_out")} for part in ("advice", "limits")}
    return figures, {"seconds": seconds, "decisions": decisions, "megabytes": megabytes, **told}


def _banyan(*arguments: str) -> str:
    """Run a command of ours; 1 means that something is decided otherwise."""
    command = [sys.executable, "-W", "ignore", "-m", "services.workbench.cli.main", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return done.stdout


def _multiply(source: Path, target: Path, wanted: int) -> int:
    """Write copies of all records until they hold enough decisions; return how many they hold."""
    records = list(FileRecords(source, FIRST, LAST).read())
    once = sum(map(weight, records))
    batches = max((each.number for each in records if isinstance(each, RecordedBatch)), default=_NO_BATCH)
    encoder = msgspec.json.Encoder()
    copies = -(-wanted // once)
    with target.open("wb") as file:
        for record in (each for each in records if isinstance(each, TermsRecord | SceneRecord)):
            file.write(encoder.encode(record) + b"\n")
        for number in range(copies):
            for record in _copy(records, number, batches):
                file.write(encoder.encode(record) + b"\n")
    return once * copies


def _copy(records: list[Record], number: int, batches: int) -> Iterator[Record]:
    shift = _Shift(f"-{number}", number * _APART, number * batches)
    for record in records:
        match record:
            case AdviceRecord(decision):
                yield AdviceRecord(shift.advice(decision))
            case RecordedBatch():
                yield shift.batch(record)
            case RecordedOutcome():
                yield replace(
                    record,
                    after=record.after + shift.batches,
                    contact_id=record.contact_id + shift.mark,
                    mark=record.mark._replace(
                        customer_id=record.mark.customer_id + shift.mark, at=record.mark.at + shift.micros
                    ),
                )
            case RecordedOverrun():
                yield replace(
                    record,
                    after=record.after + shift.batches,
                    contact=shift.contact(record.contact),
                    contacted_at=record.contacted_at + shift.micros,
                )


@dataclass(frozen=True, slots=True)
class _Shift:
    """How a copy differs from the first one."""

    mark: str
    later: timedelta
    batches: int

    @property
    def micros(self) -> int:
        return self.later // timedelta(microseconds=1)

    def advice(self, decision: RecordedDecision) -> RecordedDecision:
        return replace(
            decision,
            request_id=decision.request_id + self.mark,
            decided_at=decision.decided_at + self.later,
            past=[replace(each, at=each.at + self.later) for each in decision.past],
        )

    def batch(self, batch: RecordedBatch) -> RecordedBatch:
        return replace(
            batch,
            number=batch.number + self.batches,
            decided_at=batch.decided_at + self.micros,
            marks=[self.listed(each) for each in batch.marks],
            permits=[self.permit(each) for each in batch.permits],
            suppressions=[replace(each, contact=self.contact(each.contact)) for each in batch.suppressions],
        )

    def permit(self, permit: RecordedPermit) -> RecordedPermit:
        return replace(
            permit,
            contact=self.contact(permit.contact),
            expires_at=permit.expires_at + self.micros,
            contacted_at=_plus(permit.contacted_at, self.micros),
            released_after=_plus(permit.released_after, self.batches),
            confirmed_after=_plus(permit.confirmed_after, self.batches),
        )

    def contact(self, contact: Contact) -> Contact:
        return contact._replace(
            contact_id=contact.contact_id + self.mark,
            customer_id=contact.customer_id + self.mark,
            at=contact.at + self.micros,
        )

    def listed(self, mark: ListMark) -> ListMark:
        return mark._replace(
            customer_id=mark.customer_id + self.mark,
            starts_at=_plus(mark.starts_at, self.micros),
            ends_at=_plus(mark.ends_at, self.micros),
        )


def _plus(number: int | None, more: int) -> int | None:
    return None if number is None else number + more
