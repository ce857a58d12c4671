"""Moments at the end of the calendar: refused where asked for, and no trouble to anybody where they were kept."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.contracts.channels import ContactsSent, SentContact
from shared.contracts.governance import ListEntry
from tests.integration.governance.world import BLACK, DAILY, HALL, WEEKLY, World, write_rules

LAST_DAY = datetime(9999, 12, 31, 20, tzinfo=UTC)


@pytest.fixture
def world(make_world: Callable[[Mapping[str, str]], World]) -> World:
    return make_world({"weekly": WEEKLY, "hall": HALL, "black": BLACK})


def sent(world: World, contact_id: str, at: datetime) -> None:
    contact = SentContact(contact_id=contact_id, customer_id="anna", campaign_id="spring", channel="hall", at=at)
    world.use.contacts_sent(f"sent-{contact_id}", ContactsSent(contacts=[contact]))


def test_a_contact_planned_for_the_last_day_and_made_all_the_same_keeps_nobody_from_counting(
    world: World, tmp_path: Path
) -> None:
    assert not world.permits("z", planned_at=LAST_DAY, channel="hall")
    sent(world, "z", world.clock.now())
    wider = world.another(
        write_rules(tmp_path / "wider", {"weekly": WEEKLY, "hall": HALL.replace("limit: 2", "limit: 3")})
    )
    asked = [world.ask(name, 1, customer_id=name, channel="hall") for name in "abcd"]
    told = ["permit", "permit", "permit", "suppress"]
    assert [one.verdict for one in wider.check(asked)] == told
    assert [one.verdict for one in wider.reserve(asked)] == told
    assert [one.state for one in wider.confirm(["a", "z"])] == ["confirmed", "confirmed"]
    assert [one.request.planned_at for one in wider.history("anna")] == [LAST_DAY]
    assert "9999-12-31 20:00 (UTC)" in wider.explain("z").explanation_en


@pytest.mark.parametrize("hours", [-12, 14])
@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_moments_no_zone_can_tell_are_refused_and_have_receipts(world: World, moment: datetime, hours: int) -> None:
    planned = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert not world.permits("z", planned_at=planned, channel="hall")
    assert world.use.explain("z").state == "suppressed"
    assert len(world.use.history("anna")) == 1


def test_a_list_entry_until_the_last_second_can_be_told(world: World) -> None:
    ends = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    entry = ListEntry(customer_id="anna", reason="asked", source="hall", author="clerk", ends_at=ends)
    world.use.list_put("black", [entry])
    verdict = world.reserve("a", 1)
    assert (verdict.verdict, verdict.next_allowed_at) == ("suppress", None)
    assert "until 9999-12-31 23:59" in world.use.explain("a").explanation_en


def test_a_policy_valid_until_the_last_day_is_one_without_end(make_world: Callable[[Mapping[str, str]], World]) -> None:
    world = make_world({"daily": DAILY + "\nvalid_for: {from: 0001-01-01, to: 9999-12-31}"})
    assert [world.permits("a", 1), world.permits("b", 2), world.permits("c", 30)] == [True, False, True]
