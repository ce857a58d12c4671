"""A subscriber's data is exported whole, and erased so that it names nobody and goes on protecting."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.governance.adapters.record import SqlLedgerRecord
from services.governance.adapters.tables import metadata
from services.governance.application.faults import ErasureKeyMissing, ErasureKeyWrong
from services.governance.application.rechecking import Rechecking
from services.governance.dependencies import open_database
from services.governance.domain.instants import from_micros
from shared.contracts.channels import ContactsSent, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.governance import ListEntry, OverrideProposal
from shared.kernel.faults import InvalidRequest
from tests.integration.governance.world import BLACK, COOLING, OPT_OUT, START, WEEKLY, World

KEY = "a key of at least thirty-two characters"
NUMBER = "13800138000"
CONTACT = f"spring-{NUMBER}-1"
POLICIES = {
    "weekly": WEEKLY,
    "black": BLACK + "\noverride: two_persons",
    "opt-out": OPT_OUT,
    "cooling": COOLING,
}


@pytest.fixture
def world(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> World:
    found = make_on(database_url, POLICIES)
    found.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = KEY
    found.use = found.another()
    return found


def entry(**fields: Any) -> ListEntry:
    values = {"customer_id": NUMBER, "reason": f"called from {NUMBER}", "source": "hotline", "author": "clerk"}
    return ListEntry(**{**values, **fields})


def lead_a_life(world: World) -> None:
    """Have the subscriber contacted, refused, listed, excepted and audited; her number is everywhere."""
    mine = {"customer_id": NUMBER}
    assert world.permits(CONTACT, 1, **mine)
    assert world.permits(f"{NUMBER}-2", 200, **mine)
    assert world.permits("ben", 1, customer_id="ben")
    world.use.list_put("black", [entry(), entry(customer_id="ben", reason="of ben")])
    held = world.use.reserve([world.ask(f"{NUMBER}-held", 400, **mine), world.ask("ben-held", 400, customer_id="ben")])
    assert [NUMBER in verdict.reasons[0].text for verdict in held] == [False, False]  # this policy quotes nobody
    proposal = {"rule_id": "black", "reason": f"{NUMBER} asked", "author": "li", "ends_at": START + timedelta(days=9)}
    world.use.override_propose(OverrideProposal(override_id=f"o-{NUMBER}", customer_id=NUMBER, **proposal))
    world.use.override_approve(f"o-{NUMBER}", "wang")
    world.pass_hours(1)
    sent = SentContact(contact_id=CONTACT, campaign_id="spring", channel="sms", at=world.clock.now(), **mine)
    world.use.contacts_sent("sent", ContactsSent(contacts=[sent]))
    outcome = RecordedOutcome(
        contact_id=CONTACT,
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome="refused",
        detail=f"{NUMBER} said no",
        at=world.clock.now(),
        **mine,
    )
    world.use.outcomes_recorded("outcome", OutcomesRecorded(outcomes=[outcome]))
    world.use.release([f"{NUMBER}-2"], f"{NUMBER} was busy")


def everything(world: World) -> str:
    """Return all rows of all tables but the outbox as one text."""
    engine = open_database(world.settings()).engine
    with engine.connect() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "outbox"]
        return json.dumps([[list(map(str, row)) for row in connection.execute(sa.select(t))] for t in tables])


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
    assert (erased.contacts, erased.verdicts, erased.entries, erased.outcomes) == (2, 1, 1, 1)
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
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = KEY
    world.use = world.another()
    world.use.list_put("black", [entry()])
    assert NUMBER in world.reserve("held", customer_id=NUMBER).reasons[0].text
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    told = world.reserve("held", customer_id=NUMBER)
    assert (told.contact_id, told.verdict, told.reasons[0].rule_id) == ("held", "suppress", "black")
    assert told.reasons[0].text == "（已抹除） / (erased)"
    assert NUMBER not in everything(world)


def test_an_erased_subscriber_is_protected_as_before_and_answered_under_the_ids_asked_by(world: World) -> None:
    lead_a_life(world)
    first = world.use.reserve([world.ask(CONTACT, 1, customer_id=NUMBER)])
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.use.reserve([world.ask(CONTACT, 1, customer_id=NUMBER)]) == first
    asked = [world.ask("again", 300, customer_id=NUMBER), world.ask("ben-2", 600, customer_id="cleo")]
    for told in (world.use.check(asked), world.use.reserve(asked)):
        assert [verdict.contact_id for verdict in told] == ["again", "ben-2"]
        assert {reason.rule_id for reason in told[0].reasons} == {"black", "cooling"}
        assert told[1].verdict == "permit"
    assert [one.rule_id for one in world.use.screen(asked)[0].reasons] == ["black"]
    assert world.use.explain("again").request.contact_id == "again"
    history = world.use.history(NUMBER)
    assert {one.request.customer_id for one in history} == {NUMBER}
    assert len(history) == 4
    assert NUMBER not in everything(world)


def test_counts_go_on_across_an_erasure(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> None:
    world = make_on(database_url, {"weekly": WEEKLY})  # two in any seven days
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = KEY
    world.use = world.another()
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.permits("b", 2, customer_id=NUMBER)
    assert not world.permits("c", 3, customer_id=NUMBER)
    assert [one.state for one in world.use.confirm(["a", "b", "never"])] == ["confirmed", "confirmed", "unknown"]
    assert [one.state for one in world.use.release(["a", "b"], "late")] == ["confirmed", "confirmed"]
    assert not world.permits("d", 4, customer_id=NUMBER)


def test_lists_outcomes_and_overrides_go_on_under_the_pseudonym(world: World) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    world.use.list_put("black", [entry(reason="asked"), entry(customer_id="ben", reason="asked")])
    assert [one.customer_id for one in world.use.list_read("black", "", 10, NUMBER).entries] == [NUMBER]
    assert not world.permits("b", 30, customer_id=NUMBER)
    proposal = OverrideProposal(
        override_id="o",
        customer_id=NUMBER,
        rule_id="black",
        reason="asked",
        author="li",
        ends_at=START + timedelta(days=9),
    )
    assert world.use.override_propose(proposal).customer_id == NUMBER
    world.use.override_approve("o", "wang")
    assert world.permits("c", 31, customer_id=NUMBER)
    assert [one.customer_id for one in world.use.overrides(NUMBER)] == [NUMBER]
    assert [one.verdict for one in world.use.recheck(["c"])] == ["permit"]
    assert world.use.list_remove("black", [NUMBER, "nobody"], "clerk", "moved") == 1
    outcome = RecordedOutcome(
        contact_id="a",
        customer_id=NUMBER,
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome="opt_out",
        detail="",
        at=world.clock.now(),
    )
    world.use.outcomes_recorded("outcome", OutcomesRecorded(outcomes=[outcome]))
    assert world.reserve("e", 40, customer_id=NUMBER).reasons[0].rule_id == "opt-out"
    assert [one.contact_id for one in world.use.recheck(["c"])] == ["c"]
    assert NUMBER not in everything(world)
    told = [json.loads(body) for (body,) in world.rows("SELECT body FROM outbox ORDER BY sequence")]
    assert [(one["put"], one["removed"]) for one in told] == [
        ([NUMBER, "ben"], []),
        ([], [NUMBER]),
        ([NUMBER], []),
    ]  # other services know her by her number


def test_an_override_ends_with_the_erasure(world: World) -> None:
    lead_a_life(world)
    assert world.use.overrides(NUMBER)[0].state == "in_force"
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.use.overrides(NUMBER)[0].state == "withdrawn"
    assert "black" in {one.rule_id for one in world.reserve("x", 50, customer_id=NUMBER).reasons}


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


@pytest.mark.servers
def test_erasing_while_others_reserve_leaves_no_row_behind_and_no_window_overfull(
    make_on: Callable[[str, Mapping[str, str]], World], postgres_database: Callable[[], str]
) -> None:
    world = make_on(postgres_database(), {"weekly": WEEKLY})
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = KEY
    customers = [f"{NUMBER}{number}" for number in range(6)]
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def write(writer: int) -> None:
        use = world.another()
        start.wait()
        try:
            for turn in range(12):
                asked = [
                    world.ask(f"{customer}-{writer}-{turn}", 1 + turn * 5 + writer, customer_id=customer)
                    for customer in customers
                ]
                permitted = [one.contact_id for one in use.reserve(asked) if one.verdict == "permit"]
                use.confirm(permitted[:2])
                use.release(permitted[2:], "busy")
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    def erase() -> None:
        use = world.another()
        start.wait()
        try:
            for customer in customers:
                use.subscriber_erase(customer, "officer", "request")
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)] + [threading.Thread(target=erase)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert NUMBER not in everything(world)
    rows = world.rows("SELECT customer_id, planned_at FROM contact WHERE state <> 'released' ORDER BY planned_at")
    for customer in {customer for customer, _ in rows}:
        at = [from_micros(planned) for name, planned in rows if name == customer]
        assert all(third - first >= timedelta(days=7) for first, third in zip(at, at[2:], strict=False))


def test_an_erasure_between_reading_and_judging_does_not_let_a_withdrawn_reservation_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.list_put("black", [entry()])
    judged, erased = Rechecking._judged, world.another()

    def erase_first(self: Rechecking, *doubtful: Any) -> Any:
        erased.subscriber_erase(NUMBER, "officer", "request 17")
        return judged(self, *doubtful)

    monkeypatch.setattr(Rechecking, "_judged", erase_first)
    told = world.use.recheck(["a"])[0]
    assert (told.contact_id, told.verdict, told.reasons[0].rule_id) == ("a", "suppress", "black")
