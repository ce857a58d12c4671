"""What may happen to a ledger, step by step: the service and the executable model are asked the same and compared.

Two instances take turns; their clocks differ by minutes and go backwards. After every step all windows are counted
again from the tables.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.governance.application.use_cases import UseCases
from shared.contracts.channels import (
    ContactsFailed,
    ContactsSent,
    FailedContact,
    OutcomesRecorded,
    RecordedOutcome,
    SentContact,
)
from shared.contracts.governance import ContactRequest, ListEntry
from shared.kernel.faults import Unavailable
from tests.integration.governance.ledger_answers import assert_same
from tests.integration.governance.ledger_policies import SETS, STARTS
from tests.integration.governance.ledger_site import CUSTOMERS, LISTS, Site, requests
from tests.model.contact_rules import micros, moment_of
from tests.model.ledger_model import LedgerModel
from tests.model.recount import breaches, counts

COUNTERS = [
    f"SELECT contact_id, counters, limits FROM {table} JOIN decision USING (decision_id) "  # noqa: S608 - names of ours
    "JOIN rule_set USING (rule_set) WHERE decision_id = (SELECT max(decision_id) FROM decision)"
    for table in ("contact", "suppression")
]


class LedgerMachine(RuleBasedStateMachine):
    site: Site
    examples = 0

    @initialize(name=st.sampled_from(sorted(SETS)), start=st.sampled_from(STARTS))
    def begin(self, name: str, start: Any) -> None:
        type(self).examples += 1
        self.site.empty()
        self.start, self.name, self.sets_used = start, name, {name}
        for clock in self.site.clocks:
            clock.moment = start
        self.model = LedgerModel(self.site.rules[name])
        self.events = self.batches = 0

    def use(self, which: int) -> UseCases:
        return self.site.uses[self.name][which]

    def clock(self, which: int) -> int:
        return micros(self.site.clocks[which].moment)

    @rule(which=st.integers(0, 1), data=st.data(), size=st.integers(1, 6), foretold=st.booleans())
    def reserve(self, which: int, data: st.DataObject, size: int, foretold: bool) -> None:
        self._reserve(which, [self._request(data, which) for _ in range(size)], foretold=foretold)

    @precondition(lambda self: self.model.held)
    @rule(which=st.integers(0, 1), data=st.data())
    def take_the_advice(self, which: int, data: st.DataObject) -> None:
        """Ask again for the moment that a suppression named."""
        held = [one for one in self.model.held.values() if one.answer.next_allowed is not None]
        if held:
            one = data.draw(st.sampled_from(held))
            name = f"advised-{len(self.model.held)}"
            moment = moment_of(one.answer.next_allowed + data.draw(st.sampled_from([0, 0, -1])))
            self._reserve(which, [_changed(one.asked, contact_id=name, planned_at=moment)])

    @precondition(lambda self: any(one.state == "reserved" for one in self.model.held.values()))
    @rule(which=st.integers(0, 1), data=st.data(), by=st.sampled_from([-1, 0, 1]))
    def ask_when_a_reservation_lapses(self, which: int, data: st.DataObject, by: int) -> None:
        """Ask for the same once more around the moment at which its place becomes free."""
        one = data.draw(st.sampled_from([one for one in self.model.held.values() if one.state == "reserved"]))
        lapses = moment_of(one.expires_at + by)
        for clock in self.site.clocks:
            clock.moment = max(clock.moment, lapses)
        later = self.site.clocks[which].moment + timedelta(minutes=30)
        self._reserve(which, [_changed(one.asked, contact_id=f"late-{len(self.model.held)}", planned_at=later)])

    @precondition(lambda self: self.batches < 2)
    @rule(
        which=st.integers(0, 1),
        data=st.data(),
        size=st.sampled_from([24, 40, 60, 200]),
        apart=st.sampled_from([0, 7, 95]),
    )
    def reserve_many(self, which: int, data: st.DataObject, size: int, apart: int) -> None:
        """Ask for many at once, nearly all for different subscribers, some of whom were in an earlier one."""
        self.batches += 1
        patterns = [self._request(data, which) for _ in range(3)]
        many = [
            _changed(
                patterns[place % 3],
                contact_id=f"m{self.batches}-{place}",
                customer_id=f"cold-{place}",
                planned_at=patterns[place % 3].planned_at + timedelta(minutes=apart * place),
            )
            for place in range(size)
        ]
        hot = {one.customer_id: one for one in (self._request(data, which) for _ in range(3))}
        self._reserve(which, [*many[: size // 2], *hot.values(), *many[size // 2 :]])

    def _reserve(self, which: int, requests: list[ContactRequest], *, foretold: bool = False) -> None:
        checked = self.use(which).check(requests) if foretold else None
        answers = self.model.reserve(requests, self.clock(which))
        if answers is None:
            with pytest.raises(Unavailable, match="clock is behind"):
                self.use(which).reserve(requests)
            return
        verdicts = self.use(which).reserve(requests)
        assert checked in (None, verdicts), (checked, verdicts)
        for request, verdict, answer in zip(requests, verdicts, answers, strict=True):
            assert_same(request, verdict, answer)
        self._compare_counters()

    def _compare_counters(self) -> None:
        """Look at the receipts of the newest batch."""
        for statement in COUNTERS:
            found = self.site.rows(statement)
            for name, counters, limits in found:
                read = zip(_decoded(limits), _decoded(counters) or (), strict=False)
                used = {limit[0]: used for limit, used in read if used is not None}
                right = self.model.held[name].answer.used
                # Where there is room, a counter of the operator may still hold what has lapsed since.
                lagging = {one for one, rule in self.model.rules.items() if rule["kind"] == "capacity"}
                exact = {one: count for one, count in used.items() if one not in lagging}
                assert exact == {one: count for one, count in right.items() if one not in lagging}, (name, used, right)
                assert all(used[one] >= right[one] for one in lagging & right.keys()), (name, used, right)

    @rule(which=st.integers(0, 1), data=st.data())
    def confirm(self, which: int, data: st.DataObject) -> None:
        names = data.draw(self._names())
        told = self.use(which).confirm(names)
        for name in dict.fromkeys(names):
            self.model.confirm(name, self.clock(which))
        self._compare(told, which)

    @rule(which=st.integers(0, 1), data=st.data())
    def release(self, which: int, data: st.DataObject) -> None:
        names = data.draw(self._names())
        told = self.use(which).release(names, "rain")
        for name in dict.fromkeys(names):
            self.model.release(name, self.clock(which))
        self._compare(told, which)

    def _compare(self, told: Sequence[Any], which: int) -> None:
        now = max(self.clock(which), self.model.newest)
        assert [(one.state, one.overrun) for one in told] == [self.model.told(one.contact_id, now) for one in told]

    @rule(
        which=st.integers(0, 1),
        data=st.data(),
        late=st.sampled_from([0, 1, 45, 600, 4000]),
        failed=st.booleans(),
        again=st.booleans(),
    )
    def told_by_channels(self, which: int, data: st.DataObject, late: int, failed: bool, again: bool) -> None:
        """Apply an event: what took place, perhaps at another moment than planned, or that nothing did."""
        names = list(dict.fromkeys(data.draw(self._names())))
        self.events += not again
        event, common = f"sent-{self.examples}-{self.events}", {"customer_id": "", "campaign_id": "", "channel": "sms"}
        moments = {
            name: self.model.held[name].at + late * 60_000_000 if name in self.model.held else 0 for name in names
        }
        if failed:
            lost = [FailedContact(contact_id=name, at=self.start, reason="x", **common) for name in names]
            self.use(which).contacts_failed(event, ContactsFailed(contacts=lost))
        else:
            sent = [SentContact(contact_id=name, at=moment_of(moments[name]), **common) for name in names]
            self.use(which).contacts_sent(event, ContactsSent(contacts=sent))
        if event not in self.model.events:
            self.model.events.add(event)
            for name in names:
                if failed:
                    self.model.release(name, self.clock(which))
                else:
                    self.model.confirm(name, self.clock(which), moments[name])

    @rule(which=st.integers(0, 1), data=st.data())
    def put_on_a_list(self, which: int, data: st.DataObject) -> None:
        starts = data.draw(st.sampled_from([None, None, -600, 600, 6000]))
        ends = data.draw(st.sampled_from([None, 90, 1440, 9000, 600_000]))
        if starts is not None and ends is not None and ends <= starts:
            ends = starts + 1
        entry = ListEntry(
            customer_id=data.draw(CUSTOMERS),
            reason="asked",
            source="hall",
            author="clerk",
            channel=data.draw(st.sampled_from([None, "sms", "hall"])),
            category=data.draw(st.sampled_from([None, "music", "news"])),
            starts_at=None if starts is None else self.start + timedelta(minutes=starts),
            ends_at=None if ends is None else self.start + timedelta(minutes=ends),
        )
        name = data.draw(LISTS)
        self.use(which).list_put(name, [entry])
        self.model.put(name, entry)

    @rule(which=st.integers(0, 1), customer=CUSTOMERS, name=LISTS)
    def take_off_a_list(self, which: int, customer: str, name: Any) -> None:
        assert self.use(which).list_remove(name, [customer], "clerk", "asked") == self.model.remove(name, customer)

    @rule(which=st.integers(0, 1), data=st.data(), ago=st.sampled_from([0, 30, 1500]), again=st.booleans())
    def hear_outcomes(self, which: int, data: st.DataObject, ago: int, again: bool) -> None:
        known = data.draw(self._names())[0]
        held = self.model.held.get(known)
        one = RecordedOutcome(
            contact_id=known,
            customer_id=held.asked.customer_id if held else data.draw(CUSTOMERS),
            campaign_id=held.asked.campaign_id if held else "spring",
            offering_id=held.asked.offering_id if held else "crbt",
            channel="sms",
            outcome=data.draw(st.sampled_from(["refused", "refused", "complaint", "opt_out", "accepted"])),
            detail="",
            at=self.site.clocks[which].moment - timedelta(minutes=ago),
        )
        self.events += not again
        self.use(which).outcomes_recorded(f"outcome-{self.examples}-{self.events}", OutcomesRecorded(outcomes=[one]))
        self.model.came_of(f"outcome-{self.examples}-{self.events}", [one])

    @rule(minutes=st.sampled_from([1, 17, 45, 180, 1440, 2881, 10_000]), skew=st.sampled_from([0, 0, 0, -3, 4, 7, -8]))
    def time_passes(self, minutes: int, skew: int) -> None:
        first, second = self.site.clocks
        first.moment += timedelta(minutes=minutes)
        second.moment = first.moment + timedelta(minutes=skew)

    @rule(which=st.integers(0, 1), minutes=st.sampled_from([1, 4, 5, 6, 90]))
    def a_clock_goes_back(self, which: int, minutes: int) -> None:
        self.site.clocks[which].moment -= timedelta(minutes=minutes)

    @precondition(lambda self: len(self.model.held) > 2)
    @rule(name=st.sampled_from(sorted(SETS)))
    def the_rules_change(self, name: str) -> None:
        self.name = name
        self.sets_used.add(name)
        self.model.rules = self.site.rules[name]

    @invariant()
    def no_window_holds_too_much(self) -> None:
        now = max(self.model.newest, *(self.clock(which) for which in (0, 1)))
        rows = self.site.rows("SELECT * FROM contact")
        if len(self.sets_used) == 1:
            assert breaches(self.site.rules[self.name], rows, self.model.newest) == []
        kept = self.site.rows("SELECT rule_id, starts_at, used, recount_at FROM capacity_counter")
        trusted = [row[:3] for row in kept if row.recount_at > now]
        [(kept_by,)] = self.site.rows("SELECT count(*) FROM counted_rules WHERE fingerprint <> ''")
        if kept_by and len(self.sets_used) == 1:
            counted = counts(self.site.rules[self.name], rows, now)
            assert {(one, start): used for one, start, used in trusted} == {
                (one, start): counted(one, start) for one, start, _ in trusted
            }

    @invariant()
    def the_ledger_holds_what_the_model_holds(self) -> None:
        rows = self.site.rows("SELECT contact_id, state, is_overrun, contacted_at FROM contact")
        assert {(name, state, bool(flag), made) for name, state, flag, made in rows} == {
            (name, one.state, one.is_overrun, one.made_at)
            for name, one in self.model.held.items()
            if one.state != "suppressed"
        }

    def _names(self) -> st.SearchStrategy[list[str]]:
        known = [name for name in self.model.held if not name.startswith("m")] or ["nobody"]
        return st.lists(st.sampled_from([*known, "nobody"]), min_size=1, max_size=4)

    def _request(self, data: st.DataObject, which: int) -> ContactRequest:
        return data.draw(self._requests(which))

    def _requests(self, which: int) -> st.SearchStrategy[ContactRequest]:
        mine = [one.at for name, one in self.model.held.items() if name[0] == "c"][-12:]
        return requests(self.start, self.site.clocks[which].moment, mine)


def _changed(request: ContactRequest, **fields: Any) -> ContactRequest:
    return msgspec.structs.replace(request, **fields)


def _decoded(document: Any) -> Any:
    return json.loads(document) if isinstance(document, (str, bytes)) else document
