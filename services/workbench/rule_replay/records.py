"""What a replay reads, one record a line in a file: governance's terms, scenes, advice, the ledger's events."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from services.governance.application.record import RecordedBatch, RecordedOutcome, RecordedOverrun
from services.governance.domain.refusals import Terms
from shared.contracts.decisions import RecordedDecision, RecordedScene
from shared.contracts.wire import CHANNELS


class TermsRecord(msgspec.Struct, frozen=True, tag="terms"):
    """What governance's settings fixed; microseconds."""

    outbound_life: int
    inbound_life: int

    @staticmethod
    def of(terms: Terms) -> "TermsRecord":
        """Return the record of terms."""
        return TermsRecord(terms.outbound_life, terms.inbound_life)

    def terms(self) -> Terms:
        """Return the terms."""
        return Terms(frozenset(CHANNELS), outbound_life=self.outbound_life, inbound_life=self.inbound_life)


class SceneRecord(msgspec.Struct, frozen=True, tag="scene"):
    """Plans and catalogue that advice refers to; told before it."""

    scene: RecordedScene


class AdviceRecord(msgspec.Struct, frozen=True, tag="advice"):
    """One question of a desk."""

    decision: RecordedDecision


Record = TermsRecord | SceneRecord | AdviceRecord | RecordedBatch | RecordedOutcome | RecordedOverrun


class Records(Protocol):
    """Where recorded decisions come from."""

    def read(self) -> Iterator[Record]:
        """Tell them in order: terms, then advice with its scenes, then the ledger."""
        ...

    def size(self) -> int | None:
        """Return about how many decisions there are; None when nobody knows beforehand."""
        ...

    @property
    def unreadable(self) -> list[str]:
        """What could not be read so far, each with its place."""
        ...


def weight(record: Record) -> int:
    """Return how many decisions a record holds."""
    match record:
        case AdviceRecord():
            return 1
        case RecordedBatch(is_history=False):
            return len(record.permits) + len(record.suppressions)
        case _:
            return 0
