"""Send what is due and collect the answers that are due, page by page, each page whole or not at all."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.channels.application.announcing import Change, Told, apply
from services.channels.application.ports import ChannelAdapter, NewLease, Store
from services.channels.domain.order import Order
from services.channels.domain.progress import Progress, Standing, after_answer, after_sending, expired, leased
from services.channels.domain.words import Channel
from shared.kernel.clock import Clock

PAGE = 2_000
EXTERNAL_PAGE = 200
"""Smaller, so that a page's requests, time-outs and retries included, end well within the lease."""

LEASE = timedelta(minutes=2)
"""By the machine's clock, not the (perhaps accelerated) business clock: how long a runner has to finish a page."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Works through what is due; several may run at once, in any number of processes."""

    store: Store
    adapters: Mapping[Channel, ChannelAdapter]
    clock: Clock
    machine_clock: Clock
    new_lease: NewLease
    breathe: Callable[[], None]
    """Called between pages, outside any transaction: lets other green threads (heartbeats) run."""

    def run(self, until: datetime) -> Told:
        """Work until nothing is due at `until`."""
        total = Told()
        size = EXTERNAL_PAGE if any(adapter.external for adapter in self.adapters.values()) else PAGE
        while (told := self._page(until, size)) is not None:
            total += told
            self.breathe()
        return total

    def _page(self, until: datetime, size: int) -> Told | None:
        now, machine_now, lease = self.clock.now(), self.machine_clock.now(), self.new_lease()
        with self.store.unit() as unit:
            due = unit.due(until, machine_now, size)
            if not due:
                return None
            outgoing: list[Standing] = []
            changes = self._judge(due, until, now, outgoing)
            lease_end = machine_now + LEASE
            changes += [Change(item, leased(item.progress, lease, lease_end)) for item in outgoing]
            told = apply(unit, changes, now)
        return told + self._send_out(outgoing, lease, now) if outgoing else told

    def _judge(self, due: Sequence[Standing], until: datetime, now: datetime, outgoing: list[Standing]) -> list[Change]:
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


def _is_answer_due(progress: Progress, moment: datetime) -> bool:
    return progress.state == "sent" and progress.due_at is not None and progress.due_at <= moment


def _orders(items: Sequence[Standing]) -> list[Order]:
    return [item.order for item in items]
