"""Governance beside the hand-written SQL of the benchmark, a second reading of the same policies: equal permits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.ledger_base import empty_ledger, write_policies
from tests.bench.ledger_hand_written import HandWritten
from tests.bench.ledger_requests import Asking, permitted

pytestmark = pytest.mark.servers

ROWS, BATCH, BATCHES = 20_000, 300, 3


@pytest.mark.parametrize("each", [1, 5])
def test_both_permit_the_same_of_subscribers_with_earlier_and_later_contacts(
    postgres_database: Callable[[], str], tmp_path: Path, each: int
) -> None:
    ledgers = [empty_ledger(postgres_database()) for _ in range(2)]
    for ledger in ledgers:
        ledger.grow(ROWS)
    ours, theirs = ledgers
    use, hand = ours.service(write_policies(tmp_path / "rules")), HandWritten(theirs.url)
    asking = Asking(ours.subscribers, f"{each} of each")
    suppressed = set()
    try:
        for _ in range(BATCHES):
            asked = asking.batch(BATCH, each)
            verdicts = use.reserve(asked)
            _, by_hand = hand.reserve(asked)
            assert permitted(verdicts) == by_hand
            suppressed.update(reason.rule_id for verdict in verdicts for reason in verdict.reasons)
    finally:
        hand.close()
        ours.close()
    assert suppressed == {path.name for path in (tmp_path / "rules" / "contact_policy").iterdir()}  # none was idle
