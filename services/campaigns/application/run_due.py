"""The run: open due phases, judge, plan, dispatch, follow up, fulfil; one at a time, resumed where it stood."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from services.campaigns.application.audiences import freeze_due, freeze_newcomers
from services.campaigns.application.dispatching import Dispatching
from services.campaigns.application.following import take_silence_as_consent
from services.campaigns.application.fulfilling import fulfil
from services.campaigns.application.judging import Judging
from services.campaigns.application.planning import BATCH, Planning
from services.campaigns.application.ports import Background, Channels, CustomerView, Fulfilment, Governance, Rules
from services.campaigns.application.setting import Setting, read_setting
from services.campaigns.application.step_book import StepBook
from services.campaigns.application.store_ports import Store
from services.campaigns.domain import case as life
from services.campaigns.domain.candidate import ContactState
from shared.contracts.campaigns import RunReport
from shared.contracts.wire import BULK_LIMIT
from shared.kernel.clock import Clock, SystemClock
from shared.kernel.faults import InvalidRequest, Unavailable

_LOG = logging.getLogger(__name__)
_LEASE = "run_due"
_LEASE_FOR = timedelta(seconds=20)
_BUSY = "another run is under way: ask again when it is over"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a run has in memory at once: members per phase and page, contacts per batch. Decides nothing else."""

    page: int = BULK_LIMIT
    batch: int = BATCH


class LeaseLost(Unavailable):
    """Another run is under way; ask again when it is over."""


class _Tally:
    """Counts what a run did."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(RunReport.__struct_fields__, 0)

    def add(self, name: str, number: int) -> None:
        self.counts[name] += number


def _nothing() -> int:
    return 0


class RunDue:
    """Carries out everything that is due. `holder` names this process among its replicas."""

    def __init__(
        self,
        store: Store,
        *,
        view: CustomerView,
        governance: Governance,
        channels: Channels,
        fulfilment: Fulfilment,
        rules: Rules,
        background: Background,
        clock: Clock,
        holder: str,
        machine_clock: Clock | None = None,
        sizes: Sizes | None = None,
    ) -> None:
        self._store = store
        self._view = view
        self._governance = governance
        self._channels = channels
        self._fulfilment = fulfilment
        self._rules = rules
        self._background = background
        self._clock = clock
        self._holder = holder
        self._under_way = Lock()
        self._sizes = sizes or Sizes()
        # A lease guards against processes, not against business time, which a rehearsal may hold still.
        self._machine_clock = machine_clock or SystemClock()

    def run_due(self, until: datetime | None) -> RunReport:
        """Act as of `until` (now if null, never later than now); raises LeaseLost while another run is under way.

        When another service does not answer the run ends there; the next one goes on where it stood. Who asked for a
        certain `until` then gets Unavailable, so that he asks for the same again; the timer gets the report so far.
        """
        moment = self._moment(until)
        tally = _Tally()
        with self._alone():
            try:
                self._run(moment, tally)
            except LeaseLost:
                raise
            except Unavailable as fault:
                _LOG.warning("run ends early: %s", fault.message)
                if until is not None:
                    raise Unavailable(f"the run ended early: {fault.message}", details=tally.counts) from fault
        return RunReport(**tally.counts)

    def tick(self) -> None:
        """Run what is due now, unless another process is at it."""
        try:
            self.run_due(None)
        except LeaseLost as fault:
            _LOG.info("no run now: %s", fault.message)

    def _moment(self, until: datetime | None) -> datetime:
        now = self._clock.now()
        if until is None:
            return now
        if until.tzinfo is None:
            raise InvalidRequest("`until` needs a UTC offset", details={"field": "until"})
        if until > now:
            raise InvalidRequest("`until` lies in the future", details={"field": "until", "now": now.isoformat()})
        return until

    def _run(self, moment: datetime, tally: _Tally) -> None:
        self._close(moment)
        dispatching = Dispatching(self._store, self._channels, self._governance, moment)
        tally.add("dispatched", dispatching.hand_over_leftovers())
        setting = read_setting(self._store, self._rules, moment)
        self._judge(setting, tally)
        self._plan(setting, dispatching, tally)
        take_silence_as_consent(self._store, moment)
        self._hold()
        tally.add("fulfilled", fulfil(self._store, self._fulfilment, moment))

    def _close(self, moment: datetime) -> None:
        """Close phases that are over; a live campaign without a phase left is finished."""
        with self._store.write() as tx:
            for campaign_id in tx.phases.close_over(moment):
                case = tx.cases.get(campaign_id, lock=True)
                if case:
                    tx.cases.put(life.move(case, "finish", actor="run_due", at=moment))

    def _judge(self, setting: Setting, tally: _Tally) -> None:
        opened, audience = freeze_due(self._store, self._view, setting.rules, setting.plans, setting.moment)
        tally.add("phases_opened", opened)
        tally.add("audience", audience)
        freeze_newcomers(self._store, self._view, setting.rules, setting.plans, setting.moment)
        with self._store.read() as tx:
            opening = [each for each in tx.phases.opening() if each.campaign_id in setting.plans]
        if opening:
            judging = Judging(self._store, self._view, self._governance, setting, self._hold, self._background)
            for judged in judging.judge_all(opening, self._sizes.page):
                tally.add("judged", judged)

    def _plan(self, setting: Setting, dispatching: Dispatching, tally: _Tally) -> None:
        steps = StepBook(setting.plans, setting.catalogue, setting.similar)
        planning = Planning(self._store, self._governance, setting, steps, self._hold, self._background)
        handing_over: Callable[[], int] = _nothing
        try:
            for contacts in planning.plan_day(self._sizes.batch):
                reserved = sum(each.state is ContactState.RESERVED for each in contacts)
                tally.add("reserved", reserved)
                tally.add("suppressed", len(contacts) - reserved)
                # Channels take one batch over while governance is asked for the next.
                dispatched, handing_over = handing_over, _nothing
                tally.add("dispatched", dispatched())
                handing_over = self._background.start(partial(dispatching.hand_over, contacts, steps))
        finally:
            tally.add("dispatched", handing_over())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Shut out every other run for the length of the block.

        The lease is this process's: a request that came twice, as after a broker's loss, would hold it, too.
        """
        if not self._under_way.acquire(blocking=False):
            raise LeaseLost(_BUSY)
        try:
            self._hold()
            try:
                yield
            finally:
                self._store.release(_LEASE, self._holder)
        finally:
            self._under_way.release()

    def _hold(self) -> None:
        """Take or extend the lease, on the machine's clock; raises LeaseLost."""
        now = self._machine_clock.now()
        if not self._store.acquire(_LEASE, self._holder, now, now + _LEASE_FOR):
            raise LeaseLost(_BUSY)
