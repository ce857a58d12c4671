"""What a visitor says to an offer: the order, the end of the campaign for him, and what the others are told."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.campaigns import Response
from shared.contracts.wire import Outcome
from shared.kernel.faults import Fault, InvalidRequest, NotAllowed, NotFound
from tests.unit.campaigns.desk import VISITOR, Desk, offered, on_visit
from tests.unit.campaigns.world import plan


@pytest.fixture
def at(tmp_path: Path) -> Desk:
    return Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", on_visit("a", "tone"), on_visit("b", "paper"))


def told(at: Desk) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, json.loads(body)) for kind, body in at.rows("SELECT event_type, body FROM outbox ORDER BY sequence")]


def everything(at: Desk) -> list[Any]:
    orders = "SELECT contact_id, customer_id, offering_id, state FROM sales_order"
    return [at.contacts(), at.candidates(), told(at), at.rows(orders)]


def test_an_acceptance_leads_to_an_order_and_ends_the_campaign_for_the_visitor(at: Desk) -> None:
    offer = at.ask("r1").offers[0]
    record = at.use.responding.respond(offer.contact_id, Response(outcome="accepted"))
    assert (record.outcome, record.state, record.direction) == ("accepted", "answered", "inbound")
    assert record.contacted_at == at.clock.now()
    orders = at.rows("SELECT contact_id, customer_id, campaign_id, offering_id, state FROM sales_order")
    assert orders == [(offer.contact_id, VISITOR, "a", "tone", "open")]
    states = at.candidates()
    assert (states[VISITOR, "a"], states[VISITOR, "b"], states["c00001", "a"]) == ("accepted", "ready", "ready")
    assert offered(at.ask("r2")) == ["b"]


def test_the_others_are_told_once_that_it_took_place_and_what_came_of_it(at: Desk) -> None:
    offer = at.ask("r1").offers[0]
    for _ in range(3):
        at.use.responding.respond(offer.contact_id, Response(outcome="accepted"))
    events = told(at)
    assert [kind for kind, _ in events] == ["contacts_sent", "outcomes_recorded"]
    [sent], [outcome] = events[0][1]["contacts"], events[1][1]["outcomes"]
    for each in (sent, outcome):
        assert (each["contact_id"], each["customer_id"], each["channel"]) == (offer.contact_id, VISITOR, "hall")
    assert (outcome["outcome"], outcome["offering_id"]) == ("accepted", "tone")


def test_the_same_answer_again_changes_nothing(at: Desk) -> None:
    offer = at.ask("r1").offers[0]
    first = at.use.responding.respond(offer.contact_id, Response(outcome="later", detail="in May"))
    before = everything(at)
    at.clock.move_to(at.clock.now() + timedelta(minutes=5))
    assert at.use.responding.respond(offer.contact_id, Response(outcome="later")) == first
    assert everything(at) == before


@pytest.mark.parametrize("outcome", ["refused", "opt_out", "complaint"])
def test_whoever_says_no_is_not_offered_it_again(at: Desk, outcome: Outcome) -> None:
    offer = at.ask("r1").offers[0]
    at.use.responding.respond(offer.contact_id, Response(outcome=outcome, detail="太贵"))
    assert offered(at.ask("r2")) == ["b"]
    assert at.rows("SELECT * FROM sales_order") == []
    assert told(at)[1][1]["outcomes"][0]["detail"] == "太贵"


def test_later_may_become_an_acceptance_and_the_contact_counts_once(at: Desk) -> None:
    offer = at.ask("r1").offers[0]
    at.use.responding.respond(offer.contact_id, Response(outcome="later"))
    assert [kind for kind, _ in told(at)] == ["contacts_sent", "outcomes_recorded"]
    with at.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")  # published
    at.clock.move_to(at.clock.now() + timedelta(minutes=5))
    record = at.use.responding.respond(offer.contact_id, Response(outcome="accepted"))
    assert record.contacted_at == at.clock.now() - timedelta(minutes=5)
    assert [kind for kind, _ in told(at)] == ["outcomes_recorded"]
    assert len(at.rows("SELECT * FROM sales_order")) == 1


@pytest.mark.parametrize("outcome", ["refused", "later", "opt_out"])
def test_an_acceptance_is_final(at: Desk, outcome: Outcome) -> None:
    offer = at.ask("r1").offers[0]
    at.use.responding.respond(offer.contact_id, Response(outcome="accepted"))
    before = everything(at)
    with pytest.raises(NotAllowed) as refused:
        at.use.responding.respond(offer.contact_id, Response(outcome=outcome))
    assert refused.value.details["field"] == "response.outcome"
    assert everything(at) == before


@pytest.mark.parametrize("outcome", ["delivered", "no_answer", "unreachable"])
def test_what_only_a_machine_reports_is_no_answer(at: Desk, outcome: Outcome) -> None:
    offer = at.ask("r1").offers[0]
    before = everything(at)
    with pytest.raises(InvalidRequest) as refused:
        at.use.responding.respond(offer.contact_id, Response(outcome=outcome))
    assert refused.value.details["field"] == "response.outcome"
    assert everything(at) == before


def test_outcomes_of_outbound_contacts_are_not_taken_here(tmp_path: Path) -> None:
    at = Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", plan("a"), size=20)
    before = everything(at)
    outbound = next(iter(at.channels.orders))
    with pytest.raises(NotAllowed) as refused:
        at.use.responding.respond(outbound, Response(outcome="accepted"))
    assert refused.value.details["field"] == "contact_id"
    assert everything(at) == before


@pytest.mark.parametrize(
    ("contact_id", "detail", "kind", "place"),
    [
        ("nothing", "", NotFound, "contact_id"),
        ("x\x00", "", NotFound, "contact_id"),
        ("x\ud800", "", NotFound, "contact_id"),
        ("mine", "a\x00b", InvalidRequest, "response.detail"),
        ("mine", "\udfff", InvalidRequest, "response.detail"),
    ],
)
def test_a_bad_answer_is_told_its_field(at: Desk, contact_id: str, detail: str, kind: type[Fault], place: str) -> None:
    mine = at.ask("r1").offers[0].contact_id
    before = everything(at)
    with pytest.raises(kind) as refused:
        at.use.responding.respond(
            mine if contact_id == "mine" else contact_id, Response(outcome="later", detail=detail)
        )
    assert refused.value.details["field"] == place
    assert everything(at) == before
