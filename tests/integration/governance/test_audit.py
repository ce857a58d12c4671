"""Who did what about a subscriber: noted in the transaction that does it, and read newest first."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListEntry, OverrideProposal
from shared.kernel.faults import InvalidRequest, NotAllowed
from tests.integration.governance.world import BLACK, OPT_OUT, START, World

Make = Callable[..., World]
RED = "kind: list_effect\nlist: red\noverride: two_persons"
Note = tuple[str, str, str, str]


@pytest.fixture
def kept(make_world: Make) -> World:
    """Return a service with the red list, which two persons may lift, the black and the opt-out list."""
    return make_world({"red": RED, "black": BLACK, "opt-out": OPT_OUT})


def entry(customer_id: str, **fields: str) -> ListEntry:
    return ListEntry(customer_id=customer_id, reason="asked", source="hall", author="Wu", **fields)  # type: ignore[arg-type]  # fields of the entry


def notes(world: World, customer_id: str) -> list[Note]:
    return [(note.author, note.action, note.subject, note.detail) for note in world.use.audit(customer_id)]


def test_putting_on_and_taking_off_a_list_is_noted_for_each_subscriber(kept: World) -> None:
    kept.use.list_put("black", [entry("anna"), entry("ben", channel="sms", category="news")])
    kept.pass_hours(1)
    kept.use.list_remove("black", ["anna", "nobody"], "Zhao", "by mistake")
    assert notes(kept, "anna") == [
        ("Zhao", "list_remove", "black", "by mistake"),
        ("Wu", "list_put", "black", "asked · hall"),
    ]
    assert [note.at for note in kept.use.audit("anna")] == [START + timedelta(hours=1), START]
    assert notes(kept, "ben") == [("Wu", "list_put", "black", "asked · hall · sms · news")]
    assert notes(kept, "nobody") == []


def test_callers_that_give_no_reason_are_served_as_before(kept: World) -> None:
    kept.use.list_put("black", [entry("anna")])
    assert kept.use.list_remove("black", ["anna"]) == 1
    assert notes(kept, "anna")[0] == ("", "list_remove", "black", "")


def test_an_opt_out_told_by_channels_is_noted_once(kept: World) -> None:
    common = {"customer_id": "anna", "campaign_id": "spring", "offering_id": "crbt", "channel": "sms"}
    told = RecordedOutcome(contact_id="a", outcome="opt_out", detail="TD", at=START, **common)
    for _ in range(2):
        kept.use.outcomes_recorded("e1", OutcomesRecorded(outcomes=[told]))
    assert notes(kept, "anna") == [("sms", "list_put", "opt_out", "TD · outcome")]


def test_every_step_of_an_override_is_noted(kept: World) -> None:
    end = START + timedelta(days=2)
    asked = {"customer_id": "anna", "rule_id": "red", "reason": "she asked", "author": "Lin", "ends_at": end}
    kept.use.override_propose(OverrideProposal(override_id="o1", **asked))  # type: ignore[arg-type]  # fields of the proposal
    kept.use.override_approve("o1", "Zhao")
    kept.use.override_withdraw("o1", "Wu", "done")
    assert notes(kept, "anna") == [
        ("Wu", "override_withdraw", "o1", "red · done"),
        ("Zhao", "override_approve", "o1", "red"),
        ("Lin", "override_propose", "o1", "red · she asked"),
    ]


def test_what_was_refused_left_no_note(kept: World) -> None:
    asked = {"customer_id": "anna", "rule_id": "red", "reason": "x", "author": "Lin"}
    kept.use.override_propose(OverrideProposal(override_id="o1", ends_at=START + timedelta(days=2), **asked))
    with pytest.raises(NotAllowed):
        kept.use.override_approve("o1", "Lin")
    with pytest.raises(InvalidRequest):
        kept.use.list_put("black", [entry("anna"), entry("")])
    with pytest.raises(InvalidRequest):
        kept.use.list_remove("black", ["anna"], "Wu\n", "x")
    assert [note[1] for note in notes(kept, "anna")] == ["override_propose"]
