"""Questions asked again, asked twice, asked by others, asked wrongly."""

from pathlib import Path
from typing import Any

import pytest

from shared.kernel.faults import Fault, InvalidRequest, NotAllowed, NotFound
from tests.unit.campaigns.desk import VISITOR, Desk, Maker, offered, on_visit, question
from tests.unit.campaigns.world import MORNING


@pytest.fixture
def desk(tmp_path: Path) -> Maker:
    return lambda *plans, **given: Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", *plans, **given)


def test_the_same_request_again_gets_the_same_answer_and_reserves_nothing(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"), on_visit("b", "paper"))
    first = at.ask("r1")
    asked, contacts = dict(at.governance.requests), at.contacts()
    at.know(VISITOR, MORNING.replace(hour=5), tags=["app"])
    at.use.cases.move("a", "pause")
    assert at.ask("r1") == first
    assert at.governance.requests == asked
    assert at.contacts() == contacts
    assert len({each.contact_id for each in first.offers}) == len(first.offers) == len(contacts)


def test_the_same_request_twice_in_a_batch_is_answered_once(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    first, second = at.ask_all(question("r1"), question("r1"))
    assert first == second
    assert len(at.governance.requests) == len(at.contacts()) == 1


@pytest.mark.parametrize("together", [True, False])
def test_somebody_else_s_request_is_not_told(desk: Maker, together: bool) -> None:
    at = desk(on_visit("a", "tone"))
    mine, other = question("r1"), question("r1", "c00001")
    answers = at.ask_all(mine, other) if together else [*at.ask_all(mine), *at.ask_all(other)]
    assert not isinstance(answers[0], Fault)
    assert isinstance(answers[1], NotAllowed)
    assert answers[1].details["field"] == "context.request_id"
    assert {each[1] for each in at.contacts()} == {VISITOR}


@pytest.mark.parametrize(
    ("asked", "kind", "place"),
    [
        ({"customer_id": "nobody"}, NotFound, "customer_id"),
        ({"limit": 0}, InvalidRequest, "context.limit"),
        ({"limit": 11}, InvalidRequest, "context.limit"),
        ({"limit": -1}, InvalidRequest, "context.limit"),
        ({"request_id": ""}, InvalidRequest, "context.request_id"),
        ({"request_id": " \t"}, InvalidRequest, "context.request_id"),
        ({"request_id": "r\x00"}, InvalidRequest, "context.request_id"),
        ({"request_id": "r\ud800"}, InvalidRequest, "context.request_id"),
        ({"customer_id": "c\x00"}, NotFound, "customer_id"),
        ({"customer_id": "c\udfff"}, NotFound, "customer_id"),
    ],
)
def test_a_poisoned_question_is_told_its_field_and_spoils_no_other(
    desk: Maker, asked: dict[str, Any], kind: type[Fault], place: str
) -> None:
    at = desk(on_visit("a", "tone"))
    poisoned = question(**{"request_id": "bad", **asked})
    before, bad, after = at.ask_all(question("r1"), poisoned, question("r2", "c00001"))
    assert isinstance(bad, kind)
    assert bad.details["field"] == place
    for good in (before, after):
        assert not isinstance(good, Fault)
        assert offered(good) == ["a"]
    assert sorted(at.rows("SELECT request_id FROM advice")) == [("r1",), ("r2",)]


def test_a_malformed_question_does_not_spoil_a_good_one_of_the_same_request(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    bad, good = at.ask_all(question("r1", limit=0), question("r1"))
    assert isinstance(bad, InvalidRequest)
    assert not isinstance(good, Fault)
    assert offered(good) == ["a"]


def test_a_faulty_question_does_not_use_up_its_request_id(desk: Maker) -> None:
    at = desk(on_visit("a", "tone"))
    with pytest.raises(InvalidRequest):
        at.ask("r1", limit=0)
    assert offered(at.ask("r1")) == ["a"]
