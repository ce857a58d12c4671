"""Lists, outcomes, screening."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListedEntry, ListEntry
from shared.kernel.faults import InvalidRequest
from tests.integration.governance.world import BLACK, COOLING, OPT_OUT, START, World

Make = Callable[..., World]


def entry(customer_id: str = "anna", **fields: object) -> ListEntry:
    values = {"reason": "asked", "source": "hall", "author": "clerk"} | fields
    return ListEntry(customer_id=customer_id, **values)  # type: ignore[arg-type]  # fields of the entry


def outcome(contact_id: str, word: str, **fields: object) -> RecordedOutcome:
    values = {
        "customer_id": "anna",
        "campaign_id": "spring",
        "offering_id": "crbt",
        "channel": "sms",
        "detail": "",
        "at": START + timedelta(hours=1),
        **fields,
    }
    return RecordedOutcome(contact_id=contact_id, outcome=word, **values)  # type: ignore[arg-type]  # fields of the outcome


def changes(world: World) -> list[tuple[list[str], list[str]]]:
    rows = world.rows("SELECT body FROM outbox WHERE event_type = 'lists_changed' ORDER BY sequence")
    bodies = [json.loads(row[0]) for row in rows]
    return [(body["put"], body["removed"]) for body in bodies]


def test_who_is_on_a_list_is_left_alone_until_taken_off_and_everybody_is_told(world: World) -> None:
    assert world.use.list_put("black", [entry(), entry("ben"), entry()]) == 3
    assert world.use.list_put("black", [entry()]) == 1
    refused = world.reserve("a", 1)
    assert (refused.verdict, refused.next_allowed_at) == ("suppress", None)
    assert world.use.list_remove("black", ["anna", "nobody"]) == 1
    assert world.use.list_remove("black", ["anna"]) == 0
    assert world.permits("b", 1)
    assert changes(world) == [(["anna", "ben"], []), (["anna"], []), ([], ["anna"])]


def test_an_entry_put_again_replaces_its_term(world: World) -> None:
    world.use.list_put("black", [entry(ends_at=START + timedelta(hours=5))])
    world.use.list_put("black", [entry(ends_at=START + timedelta(hours=9))])
    assert world.reserve("a", 1).next_allowed_at == START + timedelta(hours=9)
    assert world.permits("b", 9)


def test_entries_for_a_channel_or_category_stand_side_by_side(make_world: Make) -> None:
    world = make_world({"black": BLACK})
    world.use.list_put("black", [entry(channel="web"), entry(category="news")])
    asked = [
        world.ask("a", 1),
        world.ask("b", 1, channel="web"),
        world.ask("c", 1, category="news"),
    ]
    assert [verdict.verdict for verdict in world.use.reserve(asked)] == ["permit", "suppress", "suppress"]


@pytest.mark.parametrize(
    ("field", "faulty"),
    [
        ("customer_id", {"customer_id": ""}),
        ("customer_id", {"customer_id": "  "}),
        ("customer_id", {"customer_id": "a\x00"}),
        ("reason", {"reason": ""}),
        ("reason", {"reason": "　"}),
        ("source", {"source": " "}),
        ("author", {"author": ""}),
        ("channel", {"channel": "pigeon"}),
        ("category", {"category": ""}),
        ("starts_at", {"starts_at": datetime(2026, 3, 2)}),  # noqa: DTZ001 - what is wrong with it
        ("ends_at", {"starts_at": START, "ends_at": START}),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_and_nothing_put(
    world: World, field: str, faulty: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        world.use.list_put("black", [entry("ben"), entry(**faulty)])  # type: ignore[arg-type]  # fields of the entry
    assert caught.value.details["field"] == f"entries[1].{field}"
    assert world.permits("a", 1, customer_id="ben")


def test_screening_looks_at_lists_alone_and_stores_nothing(world: World) -> None:
    world.use.list_put("black", [entry("ben")])
    asked = [world.ask(f"c{number}", number) for number in range(5)]
    told = world.use.screen([*asked, world.ask("x", 1, customer_id="ben"), world.ask("y", 1, channel="pigeon")])
    assert [verdict.verdict for verdict in told] == ["permit"] * 5 + ["suppress"] * 2
    assert world.rows("SELECT count(*) FROM contact") == [(0,)]


def test_a_refusal_told_by_channels_cools_off_the_category_of_its_contact(make_world: Make) -> None:
    world = make_world({"cooling": COOLING})
    assert world.permits("a", 1)
    world.use.outcomes_recorded("e1", OutcomesRecorded(outcomes=[outcome("a", "refused")]))
    world.use.outcomes_recorded("e1", OutcomesRecorded(outcomes=[outcome("a", "refused")]))
    refused = world.reserve("b", 24)
    assert refused.next_allowed_at == START + timedelta(hours=1, days=30)
    assert world.permits("c", 24, category="news")


def test_who_opts_out_is_put_on_the_list_once(make_world: Make) -> None:
    world = make_world({"opt-out": OPT_OUT})
    told = OutcomesRecorded(outcomes=[outcome("a", "opt_out", detail="no\x00more"), outcome("b", "accepted")])
    world.use.outcomes_recorded("e1", told)
    world.use.outcomes_recorded("e1", told)
    assert not world.permits("c", 1, channel="web")
    assert changes(world) == [(["anna"], [])]
    assert world.rows("SELECT source, author, reason FROM list_entry") == [("outcome", "sms", "nomore")]


def test_a_list_is_read_in_pages_that_hold_each_entry_once(world: World) -> None:
    names = [f"客户-{number:02}" for number in range(7)]
    entries = [entry(name, channel=channel) for name in names for channel in (None, "sms", "web")]
    world.use.list_put("black", entries)
    world.use.list_put("red", [entry("somebody else")])
    read: list[ListedEntry] = []
    after, pages = "", 0
    while pages == 0 or after:
        page = world.use.list_read("black", after, 5)
        assert len(page.entries) <= 5
        read, after, pages = read + page.entries, page.next or "", pages + 1
    assert pages == 5
    assert world.use.list_read("black", "", 21).next is None
    assert [(one.customer_id, one.channel) for one in read] == [(one.customer_id, one.channel) for one in entries]
    assert (read[0].reason, read[0].source, read[0].author, read[0].put_at) == ("asked", "hall", "clerk", START)


def test_one_subscribers_entries_are_read_alone(world: World) -> None:
    end = START + timedelta(hours=5)
    world.use.list_put("black", [entry(), entry("ben", starts_at=START, ends_at=end, category="news")])
    page = world.use.list_read("black", "", 10, "ben")
    assert page.next is None
    [one] = page.entries
    assert (one.customer_id, one.starts_at, one.ends_at, one.channel, one.category) == ("ben", START, end, None, "news")


@pytest.mark.parametrize(
    ("field", "after", "limit"), [("limit", "", 0), ("limit", "", 5_001), ("after", "anna", 5), ("after", '["a"]', 5)]
)
def test_a_page_that_cannot_be_is_refused(world: World, field: str, after: str, limit: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        world.use.list_read("black", after, limit)
    assert caught.value.details["field"] == field


def test_whoever_opts_out_without_a_word_has_a_reason_on_the_list_all_the_same(world: World) -> None:
    told = [outcome("a", "opt_out", detail=" \n "), outcome("b", "opt_out", detail=" TD ", customer_id="ben")]
    world.use.outcomes_recorded("e1", OutcomesRecorded(outcomes=told))
    entries = world.use.list_read("opt_out", "", 9).entries
    assert [(one.reason, one.source, one.author) for one in entries] == [
        ("opt_out", "outcome", "sms"),
        ("TD", "outcome", "sms"),
    ]
