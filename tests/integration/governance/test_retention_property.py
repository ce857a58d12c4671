"""No verdict changes by retention: a service that deletes at every step answers as one that never does."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ContactRequest
from tests.integration.governance.pruned_world import POLICIES, count, keeping, prune
from tests.integration.governance.world import START, World


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return two services alike, of which one deletes all it may at every step; both live for many years."""
    worlds = []
    for name in ("pruned", "whole"):
        folder: Path = tmp_path_factory.mktemp(name)
        worlds.append(World(f"sqlite:///{folder}/governance.sqlite", folder, POLICIES))
    yield keeping(worlds[0], 1), worlds[1]
    for one in worlds:
        one.close()


NUMBERS = itertools.count()
STEPS = st.lists(
    st.tuples(
        st.integers(0, 24 * 20),  # hours that pass before
        st.lists(st.tuples(st.integers(0, 24 * 12), st.sampled_from(["sms", "hall"]), st.booleans()), max_size=4),
        st.sampled_from(["confirm", "release", "refuse", "nothing"]),
    ),
    min_size=2,
    max_size=7,
)


@given(steps=STEPS)
@settings(max_examples=12, deadline=None, derandomize=True)
def test_verdicts_are_the_same_whether_or_not_what_is_old_was_deleted(twins: Any, steps: Any) -> None:
    number = next(NUMBERS)  # of its own each time: an id asked for again after years is another matter
    latest = max(one.clock.now() for one in twins)
    for one in twins:  # an example that failed may have left them at different times
        one.clock.advance(latest - one.clock.now())
    for place, (hours, wishes, afterwards) in enumerate(steps):
        told = []
        for one in twins:
            one.pass_hours(hours)
            since = (one.clock.now() - START) / timedelta(hours=1)
            asked = [
                one.ask(f"{number}-{place}-{at}-{nth}", since + at, customer_id=f"{number}-{is_first}", channel=channel)
                for nth, (at, channel, is_first) in enumerate(wishes)
            ]
            verdicts = one.use.reserve(asked)
            told.append(verdicts)
            _go_on(one, asked, [v.contact_id for v in verdicts if v.verdict == "permit"], afterwards)
        assert told[0] == told[1]
        prune(twins[0])


def _go_on(world: World, asked: list[ContactRequest], permitted: list[str], afterwards: str) -> None:
    if afterwards == "confirm":
        world.use.confirm(permitted)
    elif afterwards == "release":
        world.use.release(permitted[:1], "rain")
    elif afterwards == "refuse" and permitted:
        of = {one.contact_id: one for one in asked}
        outcomes = [
            RecordedOutcome(
                contact_id=name,
                customer_id=of[name].customer_id,
                campaign_id="spring",
                offering_id="crbt",
                channel="sms",
                outcome="refused",
                detail="",
                at=world.clock.now(),
            )
            for name in permitted
        ]
        world.use.outcomes_recorded(permitted[0], OutcomesRecorded(outcomes=outcomes))


def test_the_twin_that_deletes_has_deleted(twins: Any) -> None:
    for one in twins:
        since = (one.clock.now() - START) / timedelta(hours=1)
        one.permits("last", since + 1)
        one.pass_hours(24 * 60)
    assert prune(twins[0]).contacts >= 1
    assert count(twins[0], "contact") <= count(twins[1], "contact") - 1
