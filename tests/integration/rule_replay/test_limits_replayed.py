"""The ledger's verdicts judged again: under the same rules the same ones, whatever happened in between."""

import pytest

from tests.integration.governance.world import World
from tests.integration.rule_replay.lives import Life, replayed


@pytest.mark.parametrize("seed", range(5))
def test_under_the_same_rules_every_verdict_comes_out_again(world: World, seed: int) -> None:
    Life(world, seed).live(250)
    report = replayed(world)
    assert [(change.direction, change.rule_id, change.samples) for change in report.limits.changes] == []
    assert report.limits.same == report.limits.judged > 300
