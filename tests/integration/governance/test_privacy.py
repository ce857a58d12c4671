"""A subscriber's data is exported whole, and erased so that it names nobody; nobody erases without the key."""

import json
from collections.abc import Callable, Mapping

import pytest

from services.governance.adapters.record import SqlLedgerRecord
from services.governance.application.faults import ErasureKeyMissing, ErasureKeyWrong
from services.governance.dependencies import open_database
from shared.kernel.faults import InvalidRequest
from tests.integration.governance.known_subscriber import (
    CONTACT,
    NUMBER,
    POLICIES,
    entry,
    everything,
    keyed,
    lead_a_life,
)
from tests.integration.governance.world import WEEKLY, World


@pytest.fixture
def world(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> World:
    return keyed(make_on(database_url, POLICIES))


def test_an_export_tells_everything_and_is_noted(world: World) -> None:
    lead_a_life(world)
    record = world.use.subscriber_export(NUMBER, "officer")
    assert sorted(one.request.contact_id for one in record.receipts) == sorted(
        [CONTACT, f"{NUMBER}-2", f"{NUMBER}-held"]
    )
    assert [one.reason for one in record.lists["black"]] == [f"called from {NUMBER}"]
    assert [(one.contact_id, one.outcome) for one in record.outcomes] == [(CONTACT, "refused")]
    assert [one.override_id for one in record.overrides] == [f"o-{NUMBER}"]
    assert [one.action for one in record.audit] == [
        *("subscriber_export", "override_approve", "override_propose", "list_put")
    ]
    assert record.audit[0].author == "officer"
    assert world.use.subscriber_export("ben", "officer").lists["black"][0].reason == "of ben"


def test_an_export_is_not_cut_off_at_what_a_screen_shows(world: World) -> None:
    world.use.reserve([world.ask(f"c{number}", 1 + number, customer_id=NUMBER) for number in range(230)])
    assert len(world.use.subscriber_export(NUMBER, "officer").receipts) == 230


def test_once_erased_no_table_holds_the_number_and_others_are_untouched(world: World) -> None:
    lead_a_life(world)
    before = world.use.history("ben")
    erased = world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert (erased.contacts, erased.suppressions, erased.entries, erased.outcomes) == (2, 1, 1, 1)
    left = everything(world)
    assert NUMBER not in left
    assert "of ben" in left
    assert world.use.history("ben") == before
    [(marks,)] = world.rows("SELECT marks FROM decision WHERE marks IS NOT NULL")
    assert sorted(mark[6] for mark in json.loads(marks)) == ["erased", "of ben"]


def test_what_was_written_about_the_subscriber_is_taken_out_of_texts_that_quote_it(
    make_on: Callable[[str, Mapping[str, str]], World], database_url: str
) -> None:
    quoting = "kind: list_effect\nlist: black\nbecause: {zh: '名单：{reason}', en: 'listed: {reason}'}"
    world = make_on(database_url, {"weekly": WEEKLY})
    folder = world.rules / "contact_policy" / "black"
    folder.mkdir()
    (folder / "rule.yaml").write_text(f"id: black\nowner: tests\n{quoting}\n", "utf-8")
    (folder / "cases.yaml").write_text("[]\n")
    keyed(world)
    world.use.list_put("black", [entry()])
    assert NUMBER in world.reserve("held", customer_id=NUMBER).reasons[0].text
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    told = world.reserve("held", customer_id=NUMBER)
    assert (told.contact_id, told.verdict, told.reasons[0].rule_id) == ("held", "suppress", "black")
    assert told.reasons[0].text == "（已抹除） / (erased)"
    assert NUMBER not in everything(world)


def test_erasing_twice_erases_what_was_written_since_and_both_are_noted(world: World) -> None:
    world.use.list_put("black", [entry()])
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    world.use.list_put("grey", [entry()])
    assert NUMBER in everything(world)  # in the words of whoever put it
    assert world.use.subscriber_erase(NUMBER, "officer", "request 18").entries == 2
    assert NUMBER not in everything(world)
    assert [one.action for one in world.use.audit(NUMBER)].count("subscriber_erase") == 2


@pytest.mark.parametrize(
    ("customer_id", "author", "reason", "field"),
    [
        ("", "officer", "asked", "customer_id"),
        ("erased:0123", "officer", "asked", "customer_id"),
        (NUMBER, " ", "asked", "author"),
        (NUMBER, "officer", "", "reason"),
        (NUMBER, "officer", f"{NUMBER} asked", "reason"),
    ],
)
def test_an_erasure_says_who_and_why_and_its_reason_does_not_name_the_subscriber(
    world: World, customer_id: str, author: str, reason: str, field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        world.use.subscriber_erase(customer_id, author, reason)
    assert caught.value.details["field"] == field


def test_without_the_key_nobody_can_be_erased_and_nothing_has_changed(world: World) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    del world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"]
    without = world.another()
    with pytest.raises(ErasureKeyMissing):
        without.subscriber_erase(NUMBER, "officer", "request 17")
    assert without.history(NUMBER)[0].request.contact_id == "a"
    assert without.reserve([world.ask("b", 30, customer_id=NUMBER)])[0].verdict == "permit"


@pytest.mark.parametrize(("key", "fault"), [("", ErasureKeyMissing), ("k" * 32, ErasureKeyWrong)])
def test_once_somebody_is_erased_nobody_is_contacted_by_a_process_without_the_right_key(
    world: World, key: str, fault: type[Exception]
) -> None:
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = key
    other = world.another()
    ask = [world.ask("a")]
    for refused in (other.reserve, other.check, other.screen):
        with pytest.raises(fault):
            refused(ask)
    with pytest.raises(fault):
        other.subscriber_erase("ben", "officer", "request 18")
    assert world.permits("a")  # with the key all goes on


def test_a_replay_reads_the_ledger_after_an_erasure(world: World) -> None:
    lead_a_life(world)
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert not world.permits("after", 500, customer_id=NUMBER)
    record = SqlLedgerRecord(open_database(world.settings()))
    events = list(record.events(0, 1 << 60))
    told = str(events)
    assert NUMBER not in told
    customers = {one.contact.customer_id for event in events for one in getattr(event, "permits", ())}
    assert len(customers - {"ben"}) == 1  # one and the same from beginning to end
