"""Reserve, confirm, release, lapse: what the ledger promises, through the front door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from services.governance.dependencies import build
from shared.contracts.channels import ContactsFailed, ContactsSent, FailedContact, SentContact
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Fault, NotFound, Unavailable
from tests.integration.governance.world import BLACK, HALL, START, WEEKLY, World, write_rules

Make = Callable[..., World]


def test_the_third_contact_in_a_week_is_suppressed_and_says_when_it_may_be_made(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 48)] == [True, True]
    verdict = world.reserve("c", 72)
    assert verdict.verdict == "suppress"
    assert [reason.rule_id for reason in verdict.reasons] == ["weekly"]
    assert verdict.reasons[0].text == "weekly，已有2次 / weekly, 2 so far"
    assert verdict.next_allowed_at == START + timedelta(hours=1, days=7)
    assert verdict.expires_at is None


def test_a_contact_asked_for_again_gets_its_first_verdict_again(world: World) -> None:
    first = [world.reserve("a", 1), world.reserve("b", 2), world.reserve("c", 3)]
    world.use.release(["a"], "changed our mind")
    again = world.use.reserve([world.ask("a", 1), world.ask("b", 2), world.ask("c", 3)])
    assert again == first
    assert [verdict.verdict for verdict in again] == ["permit", "permit", "suppress"]


def test_the_same_contact_twice_in_one_batch_counts_once(world: World) -> None:
    verdicts = world.use.reserve([world.ask("a", 1), world.ask("a", 1), world.ask("b", 2), world.ask("c", 3)])
    assert [verdict.verdict for verdict in verdicts] == ["permit", "permit", "permit", "suppress"]
    assert verdicts[0] == verdicts[1]


def test_a_contact_id_of_another_subscriber_is_no_permit(world: World) -> None:
    assert world.permits("a", 1)
    stolen = world.reserve("a", 1, customer_id="ben")
    assert (stolen.verdict, stolen.reasons[0].rule_id) == ("suppress", "governance/contact-id-reused")


def test_a_released_contact_gives_its_place_back(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 2), world.permits("c", 3)] == [True, True, False]
    assert [state.state for state in world.use.release(["a", "nobody"], "bad weather")] == ["released", "unknown"]
    assert world.permits("d", 3)
    assert not world.permits("e", 4)


def test_a_lapsed_reservation_frees_its_place_and_a_late_confirmation_counts_and_is_flagged(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 2)] == [True, True]
    world.pass_hours(49)
    assert world.permits("c", 60)  # a lapsed on the hour, b has another one
    assert not world.permits("d", 61)
    [late] = world.use.confirm(["a"])
    assert (late.state, late.overrun) == ("confirmed", True)
    assert world.use.explain("a").state == "confirmed"
    assert not world.permits("e", 62)
    [in_time] = world.use.confirm(["b"])
    assert (in_time.state, in_time.overrun) == ("confirmed", False)


def test_a_confirmed_contact_never_lapses_and_cannot_be_released(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 2)] == [True, True]
    assert world.use.confirm(["a", "b"]) == world.use.confirm(["a", "b"])
    world.pass_hours(100)
    assert [state.state for state in world.use.release(["a"], "too late")] == ["confirmed"]
    assert not world.permits("c", 120)


def test_a_contact_made_although_suppressed_counts_and_is_flagged(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 2), world.permits("c", 3)] == [True, True, False]
    world.use.release(["a"], "")
    [made] = world.use.confirm(["c"])
    assert (made.state, made.overrun) == ("confirmed", True)
    assert not world.permits("d", 4)
    receipt = world.use.explain("c")
    assert (receipt.verdict.verdict, receipt.state) == ("suppress", "confirmed")
    assert world.reserve("c", 3).verdict == "suppress"


def test_events_from_channels_confirm_and_release_once(world: World) -> None:
    assert [world.permits("a", 1), world.permits("b", 2)] == [True, True]
    common = {"customer_id": "anna", "campaign_id": "spring", "channel": "sms"}
    at = START + timedelta(hours=5)
    world.pass_hours(5)
    world.use.contacts_sent("e1", ContactsSent(contacts=[SentContact(contact_id="a", at=at, **common)]))
    failed = ContactsFailed(contacts=[FailedContact(contact_id="b", at=at, reason="no\x00signal\n", **common)])
    world.use.contacts_failed("e2", failed)
    world.use.contacts_failed("e2", failed)
    assert [world.use.explain(one).state for one in ("a", "b")] == ["confirmed", "released"]
    assert world.permits("c", 100)
    # a was planned for hour 1 but took place at hour 5: both moments count until a week after.
    assert not world.permits("d", 7 * 24 + 4)
    assert world.permits("e", 7 * 24 + 5)


def test_a_batch_is_judged_by_priority_and_answered_in_its_own_order(world: World) -> None:
    asked = [world.ask(name, 1, priority=priority) for name, priority in (("a", 0.1), ("b", 0.9), ("c", 0.5))]
    assert [verdict.verdict for verdict in world.use.reserve(asked)] == ["suppress", "permit", "permit"]


def test_bad_requests_are_suppressed_one_by_one_and_the_others_kept(world: World) -> None:
    asked = [
        world.ask("a", channel="pigeon"),
        world.ask("b", zone="Moon"),
        world.ask("c", planned_at=datetime(2026, 3, 2, 12)),  # noqa: DTZ001 - what is wrong with it
        world.ask("d", planned_at=datetime(1900, 1, 1, tzinfo=UTC)),
        world.ask("", 1),
        world.ask("e\x00", 1),
        world.ask("f" * 2000, 1),
        world.ask("g", 1),
    ]
    verdicts = world.use.reserve(asked)
    assert [verdict.reasons[0].rule_id.removeprefix("governance/") for verdict in verdicts[:7]] == [
        "unknown-channel",
        "unknown-zone",
        "planned-without-offset",
        "planned-in-the-past",
        "malformed-id",
        "malformed-id",
        "malformed-id",
    ]
    assert verdicts[7].verdict == "permit"
    assert world.use.explain("c").verdict == verdicts[2]
    assert world.use.check(asked)[7].verdict == "permit"


def test_check_says_what_reserve_would_and_stores_nothing(world: World) -> None:
    asked = [world.ask("a", 1), world.ask("b", 2), world.ask("c", 3)]
    foretold = world.use.check(asked)
    assert world.rows("SELECT count(*) FROM contact") == [(0,)]
    assert world.use.check(asked) == foretold == world.use.reserve(asked)
    with pytest.raises(NotFound):
        world.use.explain("d")


def test_every_verdict_leaves_a_receipt_with_rules_counters_and_words(world: World) -> None:
    world.use.reserve([world.ask("a", 1), world.ask("b", 2), world.ask("c", 3)])
    world.pass_hours(1)
    world.reserve("d", 300)
    history = world.use.history("anna")
    assert [receipt.request.contact_id for receipt in history] == ["d", "c", "b", "a"]
    refused = history[1]
    assert [(counter.rule_id, counter.limit, counter.used) for counter in refused.counters] == [("weekly", 2, 2)]
    assert (refused.decided_at, refused.state) == (START, "suppressed")
    assert refused.request == world.ask("c", 3)
    assert refused.rule_set in refused.explanation_zh
    assert "weekly, 2 so far" in refused.explanation_en
    assert "2026-03-09 10:00 (Asia/Shanghai)" in refused.explanation_zh
    assert history[3].explanation_zh.startswith("允许在2026-03-02 10:00")
    assert world.use.history("nobody") == []


def test_a_clock_behind_the_newest_decision_gives_no_verdict_and_spoils_no_contact_id(world: World) -> None:
    world.pass_hours(5)
    assert world.permits("a", 6)
    behind = SteeredClock(START)
    late = build(world.settings(), behind)
    with pytest.raises(Unavailable) as caught:
        late.reserve([world.ask("a", 6), world.ask("b", 300)])
    assert caught.value.details == {"cause": "clock_behind", "seconds_behind": 5 * 3600}
    [checked] = late.check([world.ask("b", 300)])
    assert (checked.verdict, checked.reasons[0].rule_id) == ("suppress", "governance/clock-behind")
    assert late.reserve([world.ask("a", 6)])[0].verdict == "permit"  # its first verdict needs no clock
    assert world.permits("b", 300)
    behind.advance(timedelta(hours=4, minutes=56))
    [verdict] = build(world.settings(), behind).reserve([world.ask("c", 600)])
    assert verdict.verdict == "permit"
    assert world.use.explain("c").decided_at == START + timedelta(hours=5)


def test_without_readable_rules_there_is_no_verdict_until_they_are_mended(make_world: Make) -> None:
    world = make_world({"weekly": "kind: no_such_kind"})
    for ask in (world.use.reserve, world.use.screen):
        with pytest.raises(Unavailable) as caught:
            ask([world.ask("a", 1)])
        assert caught.value.details["cause"] == "rules_unreadable"
    [checked] = world.use.check([world.ask("a", 1)])
    assert (checked.verdict, checked.reasons[0].rule_id) == ("suppress", "governance/rules-unreadable")
    assert [world.rows(f"SELECT count(*) FROM {table}") for table in ("suppression", "decision")] == [[(0,)], [(0,)]]  # noqa: S608 - our own tables
    write_rules(world.rules, {"weekly": WEEKLY})
    assert world.another().reserve([world.ask("a", 1)])[0].verdict == "permit"


def test_without_policies_nothing_is_permitted(make_world: Make) -> None:
    verdict = make_world({}).reserve("a", 1)
    assert (verdict.verdict, verdict.reasons[0].rule_id) == ("suppress", "governance/no-policy-in-force")


def test_more_than_a_call_may_carry_is_refused_as_a_whole(world: World) -> None:
    with pytest.raises(Fault) as caught:
        world.use.reserve([world.ask(f"c{number}") for number in range(3)], limit=2)
    assert caught.value.code == "batch_too_large"
    assert world.rows("SELECT count(*) FROM contact") == [(0,)]


def test_a_ledger_that_does_not_answer_is_a_fault_and_no_permit(world: World) -> None:
    store = world.use._reserving._store
    store.database.close()  # type: ignore[attr-defined]  # the real store has one
    engine = store.database.engine  # type: ignore[attr-defined]  # as above
    engine.pool = type(engine.pool)(_broken, pool_size=1)
    with pytest.raises(Unavailable):
        world.reserve("a", 1)


def _broken() -> None:
    raise OperationalError("connect", {}, ConnectionRefusedError())


def test_capacity_is_given_out_once_given_back_and_counted_through_lapses(make_world: Make) -> None:
    world = make_world({"hall": HALL})

    def permits(name: str, hours: float, direction: str = "inbound") -> bool:
        return world.permits(name, hours, channel="hall", customer_id=name, direction=direction)

    assert [permits("a", 1), permits("b", 1), permits("c", 1)] == [True, True, False]
    assert world.reserve("d", 1, channel="hall").next_allowed_at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    world.use.release(["a"], "left")
    assert [permits("e", 2), permits("f", 2)] == [True, False]
    world.use.confirm(["e"])
    world.pass_hours(2)  # b lapses half an hour after its time
    assert [permits("g", 3), permits("h", 3)] == [True, False]
    [late] = world.use.confirm(["b"])
    assert late.overrun
    world.use.release(["g"], "left")
    assert not permits("i", 3)  # b and e took place
    assert permits("j", 20)


def test_capacity_holds_while_two_versions_of_a_rule_take_turns(make_world: Make) -> None:
    world = make_world({"hall": HALL})
    wider = world.another(write_rules(world.rules.parent / "new", {"hall": HALL.replace("limit: 2", "limit: 3")}))

    def asked(name: str) -> list[object]:
        return [world.ask(name, 1, channel="hall", customer_id=name)]

    told = [use.reserve(asked(f"c{place}"))[0].verdict for place, use in enumerate([world.use, wider] * 3)]  # type: ignore[arg-type]  # requests
    assert told == ["permit", "permit", "suppress", "permit", "suppress", "suppress"]


def test_check_counts_by_the_rules_in_force_before_anybody_wrote_under_them(make_world: Make) -> None:
    world = make_world({"hall": HALL})
    for name, channel in (("a", "hall"), ("b", "sms"), ("c", "sms")):
        assert world.permits(name, 1, channel=channel, customer_id=name)
    all_channels = HALL.replace("limit: 2", "limit: 3").replace("applies_to: {channels: [hall]}\n", "")
    wider = world.another(write_rules(world.rules.parent / "new", {"hall": all_channels}))
    asked = [world.ask("d", 2, channel="hall", customer_id="d"), world.ask("e", 30, channel="hall", customer_id="e")]
    checked = wider.check(asked)
    assert [one.verdict for one in checked] == ["suppress", "permit"]
    assert checked[0].next_allowed_at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert wider.reserve(asked) == checked


def test_a_rule_edited_on_disk_counts_at_once_and_stamps_the_verdict(world: World) -> None:
    [given] = world.use.reserve([world.ask("a", 1)])
    first = world.use.explain("a").rule_set
    assert given.rule_set == first
    write_rules(world.rules, {"weekly": WEEKLY.replace("limit: 2", "limit: 1"), "black": BLACK})
    fresh = world.another()
    [verdict] = fresh.reserve([world.ask("b", 2)])
    assert verdict.verdict == "suppress"
    assert fresh.explain("b").rule_set == verdict.rule_set != first
    again, checked = *fresh.reserve([world.ask("a", 1)]), *fresh.check([world.ask("b", 2)])
    assert (again, checked) == (given, verdict)  # what was judged once keeps its stamp
    assert [one.rule_set for one in fresh.screen([world.ask("c", 2)])] == [verdict.rule_set]
