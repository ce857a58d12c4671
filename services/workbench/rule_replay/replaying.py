"""Judge all records under one rule book."""

import time
from collections import Counter
from collections.abc import Callable

import msgspec

from services.governance.domain.refusals import Terms
from services.workbench.rule_replay.advice import AdviceReplay
from services.workbench.rule_replay.limits import LimitsReplay
from services.workbench.rule_replay.records import AdviceRecord, Record, Records, SceneRecord, TermsRecord, weight
from services.workbench.rule_replay.report import ReplayPart, ReplayReport
from services.workbench.rule_replay.tally import Tally
from shared.contracts.wire import CHANNELS
from shared.rulekit.model import RuleBook


def replay(
    records: Records,
    book: RuleBook,
    name: str,
    *,
    most_samples: int = 3,
    show_ids: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> ReplayReport:
    """Return what comes out otherwise under `book`; `advance` is told the decisions judged since it was told last."""
    started = time.monotonic()
    under: Counter[str] = Counter()
    run = _Replay(book, (Tally(most_samples, show_ids=show_ids), Tally(most_samples, show_ids=show_ids)))
    for record in records.read():
        run.take(record)
        judged = weight(record)
        if judged:
            under[record.decision.rule_set if isinstance(record, AdviceRecord) else _rule_set(record)] += judged
            advance(judged)
    return ReplayReport(
        rules=name,
        rule_set=book.version,
        recorded_under=dict(under.most_common()),
        questions=run.questions,
        advice=ReplayPart.of(run.offers),
        limits=ReplayPart.of(run.contacts),
        unreadable=[*records.unreadable, *run.unreadable],
        seconds=round(time.monotonic() - started, 3),
    )


class _Replay:
    def __init__(self, book: RuleBook, tallies: tuple[Tally, Tally]) -> None:
        self._book = book
        self.questions = 0
        self.offers, self.contacts = tallies
        self.unreadable: list[str] = []
        self._advice = AdviceReplay(book, self.offers)
        self._limits = LimitsReplay(book, Terms(frozenset(CHANNELS)), self.contacts)

    def take(self, record: Record) -> None:
        match record:
            case TermsRecord():
                self._limits = LimitsReplay(self._book, record.terms(), self.contacts)
            case SceneRecord():
                self._learn(record)
            case AdviceRecord():
                self.questions += 1
                self._advice.take(record.decision)
            case _:
                self._limits.take(record)

    def _learn(self, record: SceneRecord) -> None:
        try:
            self._advice.learn(record.scene)
        except msgspec.ValidationError as fault:
            self.unreadable.append(f"scene {record.scene.scene}: {fault}")


def _rule_set(record: Record) -> str:
    return getattr(record, "rule_set", "")
