"""Whatever happens in whatever sequence: no contact is lost, none is told twice, none is told to be two things."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.channels.adapters.hall import Hall
from services.channels.adapters.simulator import Simulator
from services.channels.domain.progress import RECORDING_GRACE
from services.channels.domain.sending import Failed, Queued
from services.channels.domain.words import REPLIES, SUITABLE
from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound
from tests.unit.channels.making import Gateway, KilledError, Rig, asked

_IDS = [f"c{number}" for number in range(8)]
_CHANNELS = ("hall", "outbound_call", "sms")
_SPAN = timedelta(days=40)


class Orders(RuleBasedStateMachine):
    """Hall real, calls simulated, SMS through a gateway that breaks in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = Gateway()
        self.rig = Rig(adapters={"hall": Hall(), "outbound_call": Simulator("7"), "sms": self.gateway})

    @rule(name=st.sampled_from(_IDS), delay=st.integers(0, 20))
    def dispatch(self, name: str, delay: int) -> None:
        channel = _CHANNELS[int(name[1:]) % 3]
        planned = self.rig.clock.now() + timedelta(hours=delay)
        order = asked(
            name,
            channel=channel,
            planned_at=planned,
            expires_at=planned + timedelta(days=1),
            propensity={"accepted": 0.5},
        )
        assert self.rig.use.dispatch([order]).taken == 1

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.rig.clock.advance(timedelta(hours=hours))

    @rule(minutes=st.integers(1, 3))
    def the_machine_runs(self, minutes: int) -> None:
        self.rig.machine_clock.advance(timedelta(minutes=minutes))

    @rule(crash=st.booleans(), verdict=st.sampled_from(["sent", "failed", "unsure", "later"]))
    def run(self, crash: bool, verdict: str) -> None:
        again = self.rig.clock.now() + timedelta(minutes=1)
        kinds: dict[str, Any] = {
            "failed": lambda name: Failed(name, "refused"),
            "unsure": lambda name: Queued(name, again, unsure=True),
            "later": lambda name: Queued(name, again),
        }
        self.gateway.crash = crash
        self.gateway.verdicts = {name: kinds[verdict](name) for name in _IDS if verdict in kinds}
        try:
            self.rig.use.run_due()
        except KilledError:
            assert crash

    @rule(name=st.sampled_from(_IDS), data=st.data())
    def record(self, name: str, data: st.DataObject) -> None:
        outcome = data.draw(st.sampled_from(sorted(SUITABLE["sms"] | SUITABLE["outbound_call"])))
        before = self.rig.store.standings.get(name)
        try:
            item = self.rig.use.record_outcome(name, outcome, "")
        except (NotAllowed, NotFound, InvalidRequest):
            assert self.rig.store.standings.get(name) == before
        else:
            assert outcome in {item.outcome, "delivered"}

    @invariant()
    def nothing_is_told_twice(self) -> None:
        sent = Counter(item.contact_id for item in self.rig.told("contacts_sent"))
        failed = Counter(item.contact_id for item in self.rig.told("contacts_failed"))
        assert all(count == 1 for count in (sent | failed).values())
        assert not sent.keys() & failed.keys()
        outcomes: dict[str, list[str]] = {}
        for item in self.rig.told("outcomes_recorded"):
            outcomes.setdefault(item.contact_id, []).append(item.outcome)
        assert outcomes.keys() <= sent.keys()
        for told in outcomes.values():
            assert len(told) == 1 or (told[0] == "delivered" and told[1] in REPLIES and len(told) == 2)

    @invariant()
    def what_is_stored_is_what_was_told(self) -> None:
        sent = {item.contact_id for item in self.rig.told("contacts_sent")}
        failed = {item.contact_id for item in self.rig.told("contacts_failed")}
        for name, item in self.rig.store.standings.items():
            assert (item.progress.sent_at is not None) == (name in sent)
            assert (item.progress.state in {"failed", "lapsed"}) == (name in failed)

    def teardown(self) -> None:
        """Let all time pass: every order taken must have been told of."""
        self.gateway.crash = False
        self.rig.machine_clock.advance(timedelta(days=1))
        self.rig.clock.advance(_SPAN + RECORDING_GRACE)
        self.rig.use.run_due()
        told = {item.contact_id for kind in ("contacts_sent", "contacts_failed") for item in self.rig.told(kind)}
        assert told == set(self.rig.store.standings)


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
