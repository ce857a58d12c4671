"""What every store behind the ports must do; run on each."""

from collections.abc import Iterator

import pytest

from services.governance.adapters.store import SqlStore
from services.governance.application.ports import Need, Store
from services.governance.dependencies import MIGRATIONS
from services.governance.domain.contacts import Contact
from services.governance.domain.decisions import Decision, Finding
from services.governance.domain.instants import DAY, HOUR
from services.governance.domain.lifecycle import confirm, release
from services.governance.domain.limits import CapacityCheck
from services.governance.domain.policies import CapacityLimit, Scope
from services.governance.domain.policy_set import PolicySet
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.unit.governance.builders import NAMED, NOW, contact

IN_HALLS = Scope(channels=frozenset({"hall"}))
HALL = CapacityLimit(**NAMED, rule_id="hall", limit=2, unit="hour", zone="Asia/Kolkata", scope=IN_HALLS)
ALL = CapacityLimit(**{**NAMED, "version": "v2"}, rule_id="all", limit=9, unit="day", zone="UTC")
POLICIES = PolicySet("v1", [HALL])
CHECK = next(check for check in POLICIES.checks if isinstance(check, CapacityCheck))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    database = Database(database_url)
    migrate(database, MIGRATIONS)
    yield SqlStore(database)
    database.close()


def need(policies: PolicySet = POLICIES, **fields: object) -> Need:
    return Need(policies, NOW, **fields)  # type: ignore[arg-type]  # fields of the need


def permit(asked: Contact) -> Decision:
    return Decision(asked, True, (), None, asked.at + 48 * HOUR, (1,))


def suppress(asked: Contact) -> Decision:
    return Decision(asked, False, (Finding("hall", "v1", "满 / full", NOW + DAY),), NOW + DAY, None, (2,))


def put(store: Store, *decisions: Decision) -> None:
    with store.write(need()) as unit:
        unit.ledger.record(decisions, POLICIES, NOW)


def test_verdicts_come_back_as_they_were_given(store: Store) -> None:
    yes, no = permit(contact("a", NOW, priority=0.25)), suppress(contact("b", NOW, zone="Europe/London"))
    put(store, yes, no)
    with store.read() as unit:
        issued = unit.ledger.issued(["a", "b", "c"])
        stamps = unit.ledger.stamps([one.decision for one in issued.values()])
        assert unit.ledger.newest_decision() == NOW
    assert set(issued) == {"a", "b"}
    for made in (yes, no):
        one = issued[made.contact.contact_id]
        assert (one.contact, one.is_permitted, one.findings) == (made.contact, made.is_permitted, made.findings)
        assert (one.next_allowed_at, one.expires_at, one.counters, one.lifted) == made[3:]
    assert {(stamp.decided_at, stamp.rule_set, stamp.limits) for stamp in stamps.values()} == {
        (NOW, "v1", (("hall", 2, POLICIES.capacity[0].policy.version),))
    }


def test_live_contacts_are_those_that_hold_a_place_and_are_not_too_old(store: Store) -> None:
    names = ("old", "lapsed", "reserved", "released", "confirmed", "moved")
    planned = {"old": NOW - 9 * DAY, "lapsed": NOW - 3 * DAY, "moved": NOW - 9 * DAY}
    put(store, *(permit(contact(name, planned.get(name, NOW + HOUR))) for name in names))
    with store.write(need()) as unit:
        entries = {name: one.entry for name, one in unit.ledger.issued(names).items() if one.entry}
        changed = [release(entries["released"], "rain")]
        changed += [confirm(entries[name], entries[name].contact.at, NOW) for name in ("old", "confirmed")]
        changed.append(confirm(entries["moved"], NOW - HOUR, NOW))
        unit.ledger.put(changed)
        found = unit.ledger.live(["anna", "ben"], NOW - 7 * DAY, NOW)
    assert set(found) == {"anna"}
    moments = {(one.contact_id, one.at) for one in found["anna"]}
    assert moments == {
        ("reserved", NOW + HOUR),
        ("confirmed", NOW + HOUR),
        ("moved", NOW - 9 * DAY),
        ("moved", NOW - HOUR),
    }


def test_what_fails_leaves_nothing_behind(store: Store) -> None:
    def break_off() -> None:
        with store.write(need()) as unit:
            unit.ledger.record([permit(contact("a", NOW))], POLICIES, NOW)
            unit.first_time("event", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with store.write(need()) as unit:
        assert unit.ledger.issued(["a"]) == {}
        assert unit.first_time("event", NOW)
    with store.write(need()) as unit:
        assert not unit.first_time("event", NOW)


def test_counters_start_from_the_ledger_when_the_rules_change_and_count_lapses_out(store: Store) -> None:
    put(store, *(permit(contact(name, NOW + 10 * HOUR, channel="hall")) for name in "ab"))
    bucket = CHECK.bucket(NOW + 10 * HOUR)
    assert (bucket[1] - NOW) % HOUR == HOUR // 2  # hours begin at half past in Kolkata, seen from Shanghai
    renamed = PolicySet("v2", [HALL, ALL])
    checks = [check for check in renamed.checks if isinstance(check, CapacityCheck)]
    with store.write(need(renamed, buckets=frozenset({bucket}))) as unit:
        used = unit.capacity.used(checks, NOW, {bucket: 1}, NOW)
        assert used[bucket] == 2
        assert used[checks[1].bucket(NOW + 10 * HOUR)] == 2
    with store.write(need(renamed, buckets=frozenset({bucket}))) as unit:
        assert unit.capacity.used(checks, NOW, {bucket: 1}, NOW + 58 * HOUR)[bucket] == 0
        unit.capacity.save({bucket: 1}, {bucket: NOW + 80 * HOUR})
    with store.write(need(renamed, buckets=frozenset({bucket}))) as unit:
        assert unit.capacity.used(checks, NOW, {bucket: 1}, NOW + 58 * HOUR)[bucket] == 1
        unit.capacity.distrust(frozenset({bucket}))
        assert unit.capacity.used(checks, NOW, {bucket: 1}, NOW + 58 * HOUR)[bucket] == 0
