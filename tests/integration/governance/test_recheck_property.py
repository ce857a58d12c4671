"""Whatever happened to the ledger: a rechecked reservation stays iff it would be permitted anew without it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.governance.adapters.store import SqlStore
from services.governance.adapters.tables import metadata
from services.governance.application.circumstances import circumstances
from services.governance.application.policies import PoliciesInForce
from services.governance.application.translation import reasons_of
from services.governance.application.use_cases import UseCases
from services.governance.dependencies import build, open_database
from services.governance.domain.instants import to_micros
from services.governance.domain.rejudgement import rejudge
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ContactRequest, ListEntry, Verdict
from shared.persistence.database import Database
from tests.integration.governance.world import BLACK, OPT_OUT, START, World, write_rules

Make = Callable[[Mapping[str, str]], World]
STRICT = {
    "daily": "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {calendar: day}",
    "rolling": "kind: frequency_cap\nper: customer_channel\nlimit: 2\nwindow: {rolling: 3d}",
    "hall": "kind: capacity\napplies_to: {channels: [hall]}\nlimit: 2\nwindow: {calendar: day}\nzone: Asia/Shanghai",
    "black": BLACK,
    "opted-out": OPT_OUT,
    "cooling": "kind: cooling_off\nafter: [refused]\nsame: any\nspan: 2d",
    "night": "kind: quiet_hours\nweekly:\n  - {days: [mon, tue, wed, thu, fri, sat, sun], from: '22:00', to: '05:00'}",
}
LENIENT = STRICT | {name: STRICT[name].replace("limit: ", "limit: 1") for name in ("daily", "rolling", "hall")}

HOURS = st.integers(-6, 60)
WHO = st.sampled_from(["anna", "bert"])
STEPS = st.one_of(
    st.tuples(st.just("reserve"), HOURS, WHO, st.sampled_from(["sms", "hall"]), st.integers(0, 2)),
    st.tuples(st.just("reserve"), HOURS, WHO, st.sampled_from(["sms", "hall"]), st.integers(0, 2)),
    st.tuples(st.sampled_from(["confirm", "release", "recheck"]), st.integers(0, 9)),
    st.tuples(st.just("refuse"), WHO),
    st.tuples(st.just("list"), WHO, HOURS, st.one_of(st.none(), st.integers(1, 30))),
    st.tuples(st.just("unlist"), WHO),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("edit")),
)


@dataclass
class Wall:
    """A clock that each example begins anew."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment


@dataclass
class Play:
    """One script on an empty ledger, under one of two rule sets at a time."""

    world: World
    clock: Wall
    services: list[UseCases]
    database: Database
    asked: dict[str, ContactRequest] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def use(self) -> UseCases:
        return self.services[0]

    def begin(self) -> None:
        self.clock.moment, self.asked, self.numbers = START, {}, count()
        with self.database.write() as connection:
            for table in metadata.sorted_tables:
                connection.execute(
                    sa.update(table).values(fingerprint="") if "counted" in table.name else table.delete()
                )

    def request(self, hours: float, who: str, channel: str, priority: float) -> ContactRequest:
        at = self.clock.moment + timedelta(hours=hours)
        name = f"c{next(self.numbers):03}"
        return self.world.ask(name, customer_id=who, channel=channel, priority=priority, planned_at=at)

    def step(self, kind: str, *values: Any) -> None:
        getattr(self, f"_{kind}")(*values)

    def outstanding(self) -> list[str]:
        return [name for name in self.asked if self.use.explain(name).state == "reserved"]

    def _reserve(self, *values: Any) -> None:
        request = self.request(*values)
        self.asked[request.contact_id] = request
        self.use.reserve([request])

    def _confirm(self, number: int) -> None:
        self.use.confirm(list(self.asked)[number : number + 1])

    def _release(self, number: int) -> None:
        self.use.release(list(self.asked)[number : number + 1], "not today")

    def _recheck(self, number: int) -> None:
        self.use.recheck(list(self.asked)[number : number + 3])

    def _refuse(self, who: str) -> None:
        name = f"o{next(self.numbers):03}"
        one = RecordedOutcome(
            contact_id=name,
            customer_id=who,
            campaign_id="x",
            offering_id="y",
            channel="sms",
            outcome="refused",
            detail="",
            at=self.clock.moment,
        )
        self.use.outcomes_recorded(name, OutcomesRecorded(outcomes=[one]))

    def _list(self, who: str, hours: int, length: int | None) -> None:
        starts = self.clock.moment + timedelta(hours=hours)
        ends = None if length is None else starts + timedelta(hours=length)
        entry = ListEntry(customer_id=who, reason="r", source="s", author="a", starts_at=starts, ends_at=ends)
        self.use.list_put("black", [entry])

    def _unlist(self, who: str) -> None:
        self.use.list_remove("black", [who])

    def _wait(self, hours: int) -> None:
        self.clock.moment += timedelta(hours=hours)

    def _edit(self) -> None:
        self.services.reverse()

    def judged_whole(self, names: list[str]) -> dict[str, tuple[str, list[Any]]]:
        """Judge all of them, with nothing taken to hold by construction; nothing is stored."""
        policies, _ = self._policies().current()
        with SqlStore(self.database).read() as unit:
            now = max(to_micros(self.clock.moment), unit.ledger.newest_decision())
            found = unit.reservations.read(names, policies, now)
            asked = [found[name].entry.contact for name in names]
            terms = self.world.settings().terms
            seen = circumstances(unit, asked, policies, terms, now, counting=False)
            made = rejudge(asked, seen.situations, policies, seen.capacity, terms, now)
        assert made.undecided == []
        gone = {one.contact.contact_id: ("suppress", reasons_of(one.findings)) for one in made.withdrawn}
        return {name: gone.get(name, ("permit", [])) for name in names}

    def _policies(self) -> PoliciesInForce:
        return self.use._rechecking._policies


def play_on(make_world: Make, tmp_path: Path) -> Play:
    world, clock = make_world(STRICT), Wall()
    lenient = world.settings(write_rules(tmp_path / "lenient", LENIENT))
    services = [build(world.settings(), clock), build(lenient, clock)]
    return Play(world, clock, services, open_database(world.settings()))


def word(verdict: Verdict) -> str:
    return verdict.verdict


def test_a_reservation_stays_if_and_only_if_it_would_be_permitted_anew_without_it(
    make_world: Make, tmp_path: Path
) -> None:
    play = play_on(make_world, tmp_path)

    @settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, min_size=3, max_size=14), st.integers(0, 9))
    def check(steps: list[tuple[Any, ...]], chosen: int) -> None:
        play.begin()
        for step in steps:
            play.step(*step)
        if not (names := play.outstanding()):
            return
        name = names[chosen % len(names)]
        stays = word(play.use.recheck([name])[0]) == "permit"
        assert [word(one) for one in play.use.recheck([name])] == ["permit" if stays else "suppress"]
        play.use.release([name], "to ask anew")
        asked = play.asked[name]
        anew = replace(asked, contact_id="anew")
        permitted = word(play.use.check([anew])[0]) == "permit"
        if asked.planned_at >= play.clock.moment or not permitted:
            assert stays == permitted
        elif not stays:  # late: something restrains it now
            now = replace(asked, contact_id="now", planned_at=play.clock.moment)
            assert word(play.use.check([now])[0]) == "suppress"

    check()


def test_what_holds_by_construction_is_what_judging_all_would_say(make_world: Make, tmp_path: Path) -> None:
    play = play_on(make_world, tmp_path)

    @settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, min_size=3, max_size=18))
    def check(steps: list[tuple[Any, ...]]) -> None:
        play.begin()
        for step in steps:
            play.step(*step)
        names = play.outstanding()
        expected = play.judged_whole(names) if names else {}
        told = {one.contact_id: (word(one), one.reasons) for one in play.use.recheck(names)}
        assert told == expected

    check()
