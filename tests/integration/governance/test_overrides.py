"""Overrides: two persons lift a list effect for one subscriber, where its rule says so, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.governance.dependencies import build, open_database
from shared.contracts.governance import ListEntry, Override, OverrideProposal
from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound, Unavailable
from tests.integration.governance.world import BLACK, START, WEEKLY, World

Make = Callable[..., World]
RED = "kind: list_effect\nlist: red\noverride: two_persons"
POLICIES = {"red": RED, "black": BLACK, "weekly": WEEKLY}


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def proposal(override_id: str = "o1", **fields: Any) -> OverrideProposal:
    values = {
        "customer_id": "anna",
        "rule_id": "red",
        "reason": "she asked for the call",
        "author": "Lin",
        "ends_at": after(100),
        **fields,
    }
    return OverrideProposal(override_id=override_id, **values)


def listed(customer_id: str = "anna", **fields: Any) -> ListEntry:
    return ListEntry(customer_id=customer_id, reason="key account", source="sales", author="Wu", **fields)


def lift(world: World, override_id: str = "o1", **fields: Any) -> Override:
    world.use.override_propose(proposal(override_id, **fields))
    return world.use.override_approve(override_id, "Zhao")


@pytest.fixture
def red(make_world: Make) -> World:
    """Return a service that has Anna on the red list, which two persons may lift."""
    world = make_world(POLICIES)
    world.use.list_put("red", [listed()])
    return world


def test_a_proposal_lifts_nothing_until_somebody_else_approves_it(red: World) -> None:
    assert red.use.override_propose(proposal()).state == "proposed"
    assert not red.permits("a", 1)
    assert red.use.override_approve("o1", "Zhao").state == "in_force"
    told = red.reserve("b", 1)
    assert told.verdict == "permit"
    [reason] = told.reasons
    assert reason.rule_id == "red"
    assert "o1" in reason.text
    assert "Lin 提出，Zhao 批准" in reason.text
    assert "proposed by Lin, approved by Zhao" in reason.text


def test_the_first_verdict_and_its_receipt_keep_telling_what_was_lifted(red: World) -> None:
    lift(red)
    told = red.reserve("a", 1)
    red.use.override_withdraw("o1", "Wu", "no longer wanted")
    assert red.reserve("a", 1) == told
    receipt = red.use.explain("a")
    assert receipt.verdict == told
    assert not red.permits("b", 2)


def test_checking_and_screening_honour_an_override_too(red: World) -> None:
    lift(red)
    asked = [red.ask("a", 1), red.ask("b", 101)]
    assert [verdict.verdict for verdict in red.use.screen(asked)] == ["permit", "suppress"]
    assert [verdict.verdict for verdict in red.use.check(asked)] == ["permit", "suppress"]
    assert [reason.rule_id for reason in red.use.screen(asked)[0].reasons] == ["red"]


def test_who_is_on_no_list_is_told_of_no_override(red: World) -> None:
    lift(red, customer_id="ben")
    assert red.reserve("a", 1, customer_id="ben").reasons == []


@pytest.mark.parametrize("approver", ["Lin", "  lin ", "LIN", "Ｌｉｎ"])
def test_nobody_approves_what_they_proposed_however_they_write_their_name(red: World, approver: str) -> None:
    red.use.override_propose(proposal())
    with pytest.raises(NotAllowed) as caught:
        red.use.override_approve("o1", approver)
    assert caught.value.details["field"] == "author"
    assert not red.permits("a", 1)


def test_an_approval_without_an_author_is_none(red: World) -> None:
    red.use.override_propose(proposal())
    with pytest.raises(InvalidRequest):
        red.use.override_approve("o1", "  ")
    assert [one.state for one in red.use.overrides("anna")] == ["proposed"]


def test_an_override_lifts_no_list_but_the_one_it_names(red: World) -> None:
    lift(red)
    red.use.list_put("black", [listed()])
    assert [reason.rule_id for reason in red.reserve("a", 1).reasons] == ["black"]


def test_an_override_lifts_no_limit(red: World) -> None:
    lift(red)
    verdicts = [red.reserve(name, hours) for hours, name in enumerate("abc", 1)]
    assert [verdict.verdict for verdict in verdicts] == ["permit", "permit", "suppress"]
    assert [reason.rule_id for reason in verdicts[2].reasons] == ["weekly"]
    assert verdicts[2].next_allowed_at is None  # when the limit has room again the override has ended


def test_an_override_holds_for_the_channel_and_category_it_names(red: World) -> None:
    lift(red, channel="web")
    lift(red, "o2", category="news")
    asked = [
        red.ask("a", 1),
        red.ask("b", 2, channel="web"),
        red.ask("c", 3, category="news"),
    ]
    assert [verdict.verdict for verdict in red.use.check(asked)] == ["suppress", "permit", "permit"]


def test_an_override_is_judged_at_the_planned_moment(red: World) -> None:
    lift(red, starts_at=after(10), ends_at=after(20))
    told = [red.use.check([red.ask("a", hours)])[0] for hours in (9, 10, 19.9, 20)]
    assert [verdict.verdict for verdict in told] == ["suppress", "permit", "permit", "suppress"]


def test_the_next_allowed_moment_knows_when_an_override_begins_and_holds_when_asked_for(red: World) -> None:
    lift(red, starts_at=after(10), ends_at=after(20))
    told = red.reserve("a", 1)
    assert told.next_allowed_at == after(10)
    assert red.permits("b", 10)
    assert red.reserve("c", 20).next_allowed_at is None


def test_a_withdrawn_override_lifts_nothing_any_more(red: World) -> None:
    lift(red)
    assert red.permits("a", 1)
    assert red.use.override_withdraw("o1", "Wu", "no longer wanted").state == "withdrawn"
    assert not red.permits("b", 2)


def test_another_process_follows_at_once(red: World) -> None:
    other = red.another()
    lift(red)
    assert other.reserve([red.ask("a", 1)])[0].verdict == "permit"
    red.use.override_withdraw("o1", "Wu", "no longer wanted")
    assert other.reserve([red.ask("b", 2)])[0].verdict == "suppress"


def test_a_list_entry_is_seen_by_a_reservation_that_another_process_begins_afterwards(make_world: Make) -> None:
    world = make_world(POLICIES)
    other = world.another()
    for number, one in enumerate(["ben", "carla", "dora"]):
        assert other.check([world.ask(f"a{number}", 1, customer_id=one)])[0].verdict == "permit"
        world.use.list_put("red", [listed(one)])
        assert other.reserve([world.ask(f"b{number}", 1, customer_id=one)])[0].verdict == "suppress"


def test_the_same_proposal_twice_is_one_and_stays_as_it_is(red: World) -> None:
    first = red.use.override_propose(proposal())
    assert red.use.override_propose(proposal()) == first
    approved = red.use.override_approve("o1", "Zhao")
    red.pass_hours(1)
    assert red.use.override_approve("o1", "Zhao") == approved
    assert red.use.override_propose(proposal()) == approved
    red.pass_hours(1000)
    assert red.use.override_propose(proposal()).state == "ended"
    assert len(red.rows("SELECT 1 FROM audit WHERE action LIKE 'override%'")) == 2


@pytest.mark.parametrize("other", [{"reason": "another"}, {"ends_at": after(99)}, {"author": "Wu"}])
def test_an_id_stands_for_one_proposal(red: World, other: dict[str, Any]) -> None:
    red.use.override_propose(proposal())
    with pytest.raises(NotAllowed) as caught:
        red.use.override_propose(proposal(**other))
    assert caught.value.details["field"] == "override_id"


@pytest.mark.parametrize(
    ("field", "faulty"),
    [
        ("override_id", {"override_id": ""}),
        ("customer_id", {"customer_id": " "}),
        ("reason", {"reason": ""}),
        ("author", {"author": "a\x00"}),
        ("rule_id", {"rule_id": "black"}),
        ("rule_id", {"rule_id": "weekly"}),
        ("rule_id", {"rule_id": "nothing"}),
        ("channel", {"channel": "pigeon"}),
        ("category", {"category": ""}),
        ("starts_at", {"starts_at": datetime(2026, 3, 2)}),  # noqa: DTZ001 - what is wrong with it
        ("ends_at", {"ends_at": datetime(2026, 3, 12)}),  # noqa: DTZ001 - what is wrong with it
        ("ends_at", {"ends_at": after(0)}),
        ("ends_at", {"starts_at": after(9), "ends_at": after(9)}),
        ("ends_at", {"ends_at": after(400 * 24 + 1)}),
        ("ends_at", {"starts_at": after(100), "ends_at": after(400 * 24 + 101)}),
    ],
)
def test_a_proposal_that_makes_no_sense_is_named_and_not_kept(red: World, field: str, faulty: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        red.use.override_propose(proposal(**faulty))
    assert caught.value.details["field"] == f"proposal.{field}"
    assert red.use.overrides("anna") == []


def test_what_has_ended_or_was_withdrawn_is_not_approved(red: World) -> None:
    red.use.override_propose(proposal(ends_at=after(5)))
    red.use.override_propose(proposal("o2"))
    assert red.use.override_withdraw("o2", "Lin", "a mistake").state == "withdrawn"
    assert red.use.override_withdraw("o2", "Wu", "again").withdrawn_by == "Lin"
    red.pass_hours(6)
    for name in ("o1", "o2"):
        with pytest.raises(NotAllowed):
            red.use.override_approve(name, "Zhao")
    with pytest.raises(NotAllowed):
        red.use.override_withdraw("o1", "Zhao", "late")
    assert {one.override_id: one.state for one in red.use.overrides("anna")} == {"o1": "ended", "o2": "withdrawn"}


def test_a_second_approver_learns_who_was_first(red: World) -> None:
    lift(red)
    with pytest.raises(NotAllowed, match="Zhao"):
        red.use.override_approve("o1", "Wu")


@pytest.mark.parametrize("ask", ["approve", "withdraw"])
def test_an_unknown_override_is_not_found(red: World, ask: str) -> None:
    with pytest.raises(NotFound):
        _ = red.use.override_approve("o9", "Zhao") if ask == "approve" else red.use.override_withdraw("o9", "Zhao", "x")


def test_a_rule_that_is_no_longer_to_be_lifted_is_lifted_no_more(red: World) -> None:
    lift(red)
    assert red.permits("a", 1)
    path = red.rules / "contact_policy" / "red" / "rule.yaml"
    path.write_text(path.read_text("utf-8").replace("override: two_persons\n", ""), "utf-8")
    assert red.another().reserve([red.ask("b", 2)])[0].verdict == "suppress"


def test_without_readable_rules_nothing_is_proposed(red: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = str(tmp_path_factory.mktemp("no-rules"))
    blind = build(red.variables | {"BANYAN_RULES_DIR": empty, "BANYAN_VAR": empty}, red.clock)
    with pytest.raises(Unavailable):
        blind.override_propose(proposal())
    assert red.use.overrides("anna") == []


@pytest.mark.parametrize(("lifting", "most"), [(RED, 1), ("kind: list_effect\nlist: red", 0)])
def test_a_batch_reads_overrides_by_one_statement_and_only_where_a_rule_can_be_lifted(
    make_world: Make, lifting: str, most: int
) -> None:
    world = make_world({"red": lifting})
    names = [f"c{number}" for number in range(30)]
    world.use.list_put("red", [listed(name) for name in names])
    statements: list[str] = []
    engine = open_database(world.settings()).engine
    sa.event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    world.use.reserve([world.ask(f"a-{name}", 1, customer_id=name) for name in names])
    assert sum("FROM override" in text or 'FROM "override"' in text for text in statements) == most
    assert len(statements) < len(names)


def test_who_is_on_no_list_costs_no_statement_for_overrides(red: World) -> None:
    statements: list[str] = []
    sa.event.listen(
        open_database(red.settings()).engine, "before_cursor_execute", lambda *call: statements.append(call[2])
    )
    assert red.permits("a", 1, customer_id="ben")
    assert statements
    assert not [text for text in statements if "override" in text.partition("FROM")[2]]
