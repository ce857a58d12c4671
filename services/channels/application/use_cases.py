"""The verbs of this service; each is one transaction (run_due: one or two for each page)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from services.channels.application.announcing import Change, apply
from services.channels.application.faults import check_size
from services.channels.application.ports import Governance, Store
from services.channels.application.rechecking import recheck
from services.channels.application.running import Runner
from services.channels.application.translation import item_of, order_of
from services.channels.domain.order import Order, faults_of, is_storable
from services.channels.domain.progress import Standing, after_answer, settle, withdrawn
from services.channels.domain.sending import Answer
from services.channels.domain.words import SUITABLE
from shared.contracts.channels import DispatchOrder, DispatchResult, RunResult, WorkItem
from shared.contracts.wire import BULK_LIMIT, INTERACTIVE_LIMIT, Channel, Outcome, RowFault
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound, Unavailable

_LONGEST_DETAIL = 1_000


class UseCases:
    """Everything `channels` and `channels_bulk` can be asked."""

    def __init__(self, store: Store, runner: Runner, governance: Governance, clock: Clock, *, is_timed: bool) -> None:
        """Put them together; `governance` is asked before a person sees a contact, the runner has its own."""
        self._store = store
        self._runner = runner
        self._governance = governance
        self._clock = clock
        self._is_timed = is_timed

    def dispatch(self, asked: Sequence[DispatchOrder]) -> DispatchResult:
        """Take orders, once each by contact_id; faulty ones are reported and the others taken.

        Raises BatchTooLarge above BULK_LIMIT.
        """
        check_size("orders", len(asked), BULK_LIMIT)
        good: list[Order] = []
        faults: list[RowFault] = []
        for index, item in enumerate(asked):
            order = order_of(item)
            found = [RowFault(index=index, field=field, message=message) for field, message in faults_of(order)]
            if found:
                faults += found
            else:
                good.append(order)
        if good:
            with self._store.unit() as unit:
                unit.take(good)
        return DispatchResult(taken=len(good), faults=faults)

    def worklist(self, channel: Channel, limit: int) -> list[WorkItem]:
        """Return at most `limit` contacts (up to INTERACTIVE_LIMIT) a person can make now, oldest first.

        Governance is asked about each before it is shown. Those that may not be made any more fail and are left out;
        those that it cannot judge are left out for now. Raises Unavailable when it does not answer.
        """
        check_size("limit", limit, INTERACTIVE_LIMIT)
        found = self._store.worklist(channel, self._clock.now(), limit)
        answers = recheck(self._governance, [standing.order.contact_id for standing in found])
        if answers.withdrawn:
            now = self._clock.now()
            with self._store.unit() as unit:
                gone = [
                    (item, answers.withdrawn[item.order.contact_id]) for item in unit.workable(list(answers.withdrawn))
                ]
                apply(unit, [Change(item, withdrawn(item, reason, now)) for item, reason in gone], now)
        return [item_of(standing) for standing in found if standing.order.contact_id in answers.permitted]

    def record_outcome(self, contact_id: str, outcome: Outcome, detail: str) -> WorkItem:
        """Note what came of a contact; the first outcome wins, and the same again changes nothing.

        Raises NotFound for an unknown contact; NotAllowed for another outcome, for a contact that failed or lapsed,
        and before the planned time; InvalidRequest for an outcome the channel cannot have or an impossible detail.
        """
        if len(detail) > _LONGEST_DETAIL or not is_storable(detail):
            message = f"detail: at most {_LONGEST_DETAIL} characters, no NUL"
            raise InvalidRequest(message, details={"field": "detail"})
        now = self._clock.now()
        with self._store.unit() as unit:
            standing = unit.one(contact_id) if is_storable(contact_id) else None
            if standing is None:
                details = {"kind": "contact", "id": contact_id, "field": "contact_id"}
                raise NotFound("there is no such contact", details=details)
            if _is_news(standing, outcome, now):
                answer = Answer(contact_id, outcome, now, detail)
                after = after_answer(standing.progress, answer, simulated=False)
                apply(unit, [Change(standing, after)], now)
                standing = Standing(standing.order, after)
        return item_of(standing)

    def run_due(self, until: datetime | None = None) -> RunResult:
        """Send what is due at `until` (null: now), let lapse what has expired, collect the answers that are due.

        Raises NotAllowed when `until` lies in the future, InvalidRequest when it has no UTC offset, Unavailable when
        governance did not answer: then contacts are still due, and the same may be asked again.
        """
        now = self._clock.now()
        moment = now if until is None else until
        if moment.utcoffset() is None:
            raise InvalidRequest("until: has no UTC offset", details={"field": "until"})
        if moment > now:
            message = f"until: {moment.isoformat()} lies in the future; now is {now.isoformat()}"
            raise NotAllowed(message, details={"field": "until"})
        told = self._runner.run(moment)
        return RunResult(sent=told.sent, failed=told.failed, answered=told.answered, postponed=told.postponed)

    def tick(self) -> None:
        """Run what is due, unless somebody steers the clock (a rehearsal) and says when."""
        if self._is_timed:
            with suppress(Unavailable):  # governance did not answer, which has been told; the next tick asks again
                self.run_due()


def _is_news(standing: Standing, outcome: Outcome, now: datetime) -> bool:
    order, progress = standing.order, standing.progress
    match settle(standing, outcome, now):
        case "record":
            return True
        case "known":
            return False
        case "unsuitable":
            known = ", ".join(sorted(SUITABLE[order.channel]))
            message = f"outcome: {outcome!r} cannot come of a contact by {order.channel}; possible are: {known}"
            raise InvalidRequest(message, details={"field": "outcome", "channel": order.channel})
        case "too_early":
            message = f"the contact is planned for {order.planned_at.isoformat()} and permitted from then on"
            raise NotAllowed(message, details={"state": "waiting"})
        case "closed":
            came = progress.outcome or progress.state
            message = f"the contact is closed: {came}"
            raise NotAllowed(message, details={"state": progress.state, "outcome": progress.outcome})
