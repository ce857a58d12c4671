"""Send what is due and collect the answers that are due, page by page, each page whole or not at all.

Before a contact is made governance is asked again, for a whole page at once and outside any transaction; without its
permit nothing is made.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.channels.application.announcing import Change, Told, apply
from services.channels.application.ports import ChannelAdapter, Governance, NewLease, Store
from services.channels.application.rechecking import Rechecked, recheck
from services.channels.domain.order import Order
from services.channels.domain.progress import (
    Progress,
    Standing,
    after_answer,
    after_sending,
    expired,
    leased,
    postponed,
    withdrawn,
)
from services.channels.domain.words import Channel
from shared.kernel.clock import Clock
from shared.kernel.faults import Unavailable

PAGE = 2_000
EXTERNAL_PAGE = 200
"""Smaller, so that a page's requests, time-outs and retries included, end well within the lease."""

POSTPONED_BY = timedelta(minutes=1)
"""After which a contact is looked at again that governance could not judge."""

LEASE = timedelta(minutes=2)
"""By the machine's clock, not the (perhaps accelerated) business clock: how long a runner has to finish a page."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Works through what is due; several may run at once, in any number of processes."""

    store: Store
    adapters: Mapping[Channel, ChannelAdapter]
    governance: Governance
    clock: Clock
    machine_clock: Clock
    new_lease: NewLease
    breathe: Callable[[], None]
    """Called between pages, outside any transaction: lets other green threads (heartbeats) run."""

    def run(self, until: datetime) -> Told:
        """Work until nothing is due at `until`.

        Governance is asked about each page before anything of it is made. Once it does not answer, nothing more is made
        and nobody is asked again; answers that are due are collected all the same, then Unavailable is raised. What was
        not made stays due.
        """
        total, fault = Told(), None
        taken: list[Standing] = []
        size = EXTERNAL_PAGE if any(adapter.external for adapter in self.adapters.values()) else PAGE
        while page := self.store.due(until, self.machine_clock.now(), size, only_sent=fault is not None):
            try:
                answers = recheck(self.governance, self._to_ask(page, until))
            except Unavailable as unanswered:
                fault = unanswered
                continue
            told = self._page(page, answers, until)
            if told is None:  # other runners were quicker; they are at work on all that is due if it stays the same
                if page == taken:
                    break
                taken = page
            else:
                total += told
            self.breathe()
        if fault is not None:
            raise fault
        return total

    def _to_ask(self, page: Sequence[Standing], until: datetime) -> list[str]:
        """Return which contacts would be made now; those of work lists are asked about when a person sees them."""
        now = self.clock.now()
        return [
            item.order.contact_id
            for item in page
            if item.progress.state != "sent"
            and not _waits_for_a_person(self.adapters[item.order.channel])
            and not expired(item, until if self.adapters[item.order.channel].simulated else now)
        ]

    def _page(self, page: Sequence[Standing], answers: Rechecked, until: datetime) -> Told | None:
        now, machine_now, lease = self.clock.now(), self.machine_clock.now(), self.new_lease()
        with self.store.unit() as unit:
            due = unit.due([item.order.contact_id for item in page], until, machine_now)
            if not due:
                return None
            outgoing: list[Standing] = []
            changes = self._judge(due, answers, until, now, outgoing)
            lease_end = machine_now + LEASE
            changes += [Change(item, leased(item.progress, lease, lease_end)) for item in outgoing]
            undecided = [item for item in due if item.order.contact_id in answers.undecided]
            told = apply(unit, changes, now) + Told(postponed=len(undecided))
        return told + self._send_out(outgoing, lease, now) if outgoing else told

    def _judge(
        self,
        due: Sequence[Standing],
        answers: Rechecked,
        until: datetime,
        now: datetime,
        outgoing: list[Standing],
    ) -> list[Change]:
        """Settle what can be settled inside this house; put into `outgoing` what must leave it."""
        changes: list[Change] = []
        to_send: defaultdict[Channel, list[Standing]] = defaultdict(list)
        to_collect: defaultdict[Channel, list[Standing]] = defaultdict(list)
        for item in due:
            channel = item.order.channel
            adapter = self.adapters[channel]
            if item.progress.state == "sent":
                to_collect[channel].append(item)
            # A simulated contact takes place when planned, however late the runner comes; a real one takes place now.
            elif over := expired(item, until if adapter.simulated else now):
                changes.append(Change(item, over))
            elif (reason := answers.withdrawn.get(item.order.contact_id)) is not None:
                changes.append(Change(item, withdrawn(item, reason, now)))
            elif not (_waits_for_a_person(adapter) or item.order.contact_id in answers.permitted):
                changes.append(Change(item, postponed(item.progress, max(now, until) + POSTPONED_BY)))
            elif adapter.external:
                outgoing.append(item)
            else:
                to_send[channel].append(item)
        for channel, items in to_send.items():
            changes += self._sent_changes(channel, items, until if self.adapters[channel].simulated else now)
        for channel, items in to_collect.items():
            changes += self._answered(channel, [Change(item, item.progress) for item in items])
        return changes

    def _sent_changes(self, channel: Channel, items: Sequence[Standing], moment: datetime) -> list[Change]:
        adapter = self.adapters[channel]
        results = {result.contact_id: result for result in adapter.send(_orders(items), moment)}
        sent = [
            Change(item, after_sending(item, results[item.order.contact_id], simulated=adapter.simulated))
            for item in items
        ]
        # An answer that is due already is collected in the same step: half the work for calls, answered in minutes.
        ready = [change for change in sent if _is_answer_due(change.after, moment)]
        return [change for change in sent if not _is_answer_due(change.after, moment)] + self._answered(channel, ready)

    def _answered(self, channel: Channel, sent: Sequence[Change]) -> list[Change]:
        adapter = self.adapters[channel]
        answers = {answer.contact_id: answer for answer in adapter.answers([change.before.order for change in sent])}
        return [
            Change(
                change.before,
                after_answer(change.after, answers.get(change.before.order.contact_id), simulated=adapter.simulated),
            )
            for change in sent
        ]

    def _send_out(self, outgoing: Sequence[Standing], lease: str, now: datetime) -> Told:
        """Send with no transaction open, then note the results of those the lease still holds."""
        by_channel: defaultdict[Channel, list[Order]] = defaultdict(list)
        for item in outgoing:
            by_channel[item.order.channel].append(item.order)
        results = {
            result.contact_id: result
            for channel, orders in by_channel.items()
            for result in self.adapters[channel].send(orders, now)
        }
        with self.store.unit() as unit:
            # Whoever recorded an outcome meanwhile, or took over after the lease, has already told; leave those alone.
            changes = [
                Change(item, after_sending(item, results[item.order.contact_id], simulated=False))
                for item in unit.held(lease)
            ]
            return apply(unit, changes, self.clock.now())


def _waits_for_a_person(adapter: ChannelAdapter) -> bool:
    return not (adapter.external or adapter.simulated)


def _is_answer_due(progress: Progress, moment: datetime) -> bool:
    return progress.state == "sent" and progress.due_at is not None and progress.due_at <= moment


def _orders(items: Sequence[Standing]) -> list[Order]:
    return [item.order for item in items]
