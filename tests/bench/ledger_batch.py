"""Batches of requests reserved by governance, and by hand-written SQL on an equal ledger, turn by turn."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import Progress

from services.governance.application.use_cases import UseCases
from shared.contracts.governance import ContactRequest
from tests.bench.figures import Aim, Figure, median, rate
from tests.bench.ledger_base import Ledger
from tests.bench.ledger_hand_written import HandWritten
from tests.bench.ledger_requests import Asking, permitted
from tests.bench.ledger_work import Work

BASELINE = "hand-written SQL: COPY, one count-and-insert"
_AIM = Aim("at least", 0.5)
_SHAPES = ((1, "one of each subscriber"), (5, "five of each subscriber"))


@dataclass(frozen=True, slots=True)
class BatchSize:
    """Requests in a batch and batches of each shape."""

    requests: int
    rounds: int


@dataclass(slots=True)
class _Rounds:
    ours: list[float] = field(default_factory=list)
    by_hand: list[float] = field(default_factory=list)
    permits: int = 0
    our_work: Work = field(default_factory=Work)
    their_work: Work = field(default_factory=Work)


def beside_hand_written(
    ours: Ledger, theirs: Ledger, rules: Path, progress: Progress, size: BatchSize
) -> tuple[list[Figure], dict[str, Any]]:
    """Return requests a second of both; the two ledgers are equal, and stay so, since both permit the same."""
    task = progress.add_task("batches and hand-written SQL, turn by turn", total=len(_SHAPES) * (size.rounds + 1))
    asking = Asking(ours.subscribers, "batches")
    use, hand = ours.service(rules), HandWritten(theirs.url)
    figures, details = [], {}
    try:
        for each, words in _SHAPES:
            _round(use, hand, asking.batch(size.requests, each), (ours, theirs), _Rounds())  # statements prepared
            progress.advance(task)
            rounds = _Rounds()
            for _ in range(size.rounds):
                _round(use, hand, asking.batch(size.requests, each), (ours, theirs), rounds)
                progress.advance(task)
            label = f"batch reserve of {size.requests:,}, {words}, {ours.rows:,} rows"
            pace, their_pace = (rate(size.requests, median(taken)) for taken in (rounds.ours, rounds.by_hand))
            figures.append(Figure(label, "requests/s", pace, BASELINE, their_pace, _AIM))
            details[words] = _details(rounds, size)
    finally:
        hand.close()
        ours.close()
    return figures, {"batches": details}


def _round(
    use: UseCases, hand: HandWritten, batch: Sequence[ContactRequest], ledgers: tuple[Ledger, Ledger], rounds: _Rounds
) -> None:
    ours, theirs = ledgers
    with rounds.our_work.counted(ours.url):
        began = time.perf_counter()
        verdicts = use.reserve(batch)
        rounds.ours.append(time.perf_counter() - began)
    with rounds.their_work.counted(theirs.url):
        seconds, by_hand = hand.reserve(batch)
        rounds.by_hand.append(seconds)
    mine = permitted(verdicts)
    rounds.permits += len(mine)
    if mine != by_hand:
        only = f"{len(mine - by_hand)} by Banyan alone, {len(by_hand - mine)} by hand alone"
        raise RuntimeError(f"of {len(batch)} requests not the same were permitted: {only}")


def _details(rounds: _Rounds, size: BatchSize) -> dict[str, Any]:
    requests = size.requests * size.rounds
    return {
        "share_suppressed": 1 - rounds.permits / requests,
        "seconds": rounds.ours,
        "hand_written_seconds": rounds.by_hand,
        "processor_microseconds_a_request": {
            "banyan": rounds.our_work.microseconds(requests),
            "hand_written": rounds.their_work.microseconds(requests),
        },
    }
