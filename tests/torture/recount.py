"""Every window recounted at every moment at which a contact was added; the standard library alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from tests.torture.windows import FOREVER, Life, Rule

_END, _FLAG, _MADE, _ADD = range(4)


class Breach(NamedTuple):
    """A window that holds too much, and the contact whose permission made it so."""

    source: str
    rule_id: str
    limit: int
    added: Life
    window: tuple[Life, ...]


def recount(source: str, lives: Iterable[Life], rules: Sequence[Rule]) -> Iterator[Breach]:
    """Yield each excess; `lives` come customer by customer.

    Flagged contacts may exceed a limit when they are flagged; whoever is permitted afterwards has to reckon with them.
    """
    for _, mine in groupby(lives, key=attrgetter("customer_id")):
        yield from _sweep(source, list(mine), [(rule, rule.per) for rule in rules])


def recount_operator(source: str, lives: Iterable[Life], rules: Sequence[Rule]) -> Iterator[Breach]:
    """Yield each excess over what the whole operator can do in an hour or a day; planned moments count."""
    by_bucket: dict[tuple[Rule, str], list[Life]] = defaultdict(list)
    for life in lives:
        for rule in rules:
            if rule.covers(life):
                planned = life._replace(made_order=FOREVER, made_at=None)
                by_bucket[rule, rule.unit_of(life.at, rule.zone)].append(planned)
    for (rule, _), mine in by_bucket.items():
        yield from _sweep(source, mine, [(rule, None)])


def _sweep(source: str, lives: Sequence[Life], rules: Sequence[tuple[Rule, str | None]]) -> Iterator[Breach]:
    live: dict[str, Life] = {}
    for (_, kind, clock), happened in groupby(sorted(_events(lives)), key=lambda event: event[:3]):
        these = [event[3] for event in happened]
        if kind == _ADD:
            for name in [name for name, one in live.items() if one.expires <= clock]:
                del live[name]
            live.update((one.contact_id, one._replace(made_at=None)) for one in these)
            for one in these:
                yield from _excess(source, one, live, rules)
        else:
            for one in these:
                _change(live, one, kind)


def _events(lives: Sequence[Life]) -> Iterator[tuple[int, int, int, Life]]:
    for one in lives:
        if one.order != FOREVER and one.order < one.ends and one.clock < one.expires:
            yield one.order, _ADD, one.clock, one
            if one.ends != FOREVER:
                yield one.ends, _END, 0, one
        if one.flagged_order != FOREVER:
            yield one.flagged_order, _FLAG, 0, one
        elif one.made_order != FOREVER:
            yield one.made_order, _MADE, 0, one


def _change(live: dict[str, Life], one: Life, kind: int) -> None:
    if kind == _END:
        live.pop(one.contact_id, None)
    elif kind == _FLAG:
        live[one.contact_id] = one._replace(expires=FOREVER)
    elif one.contact_id in live:
        live[one.contact_id] = one


def _excess(
    source: str, added: Life, live: dict[str, Life], rules: Sequence[tuple[Rule, str | None]]
) -> Iterator[Breach]:
    for rule, per in rules:
        if len(live) > rule.limit and rule.covers(added):
            same = [
                one
                for one in live.values()
                if rule.covers(one) and (per is None or getattr(one, per) == getattr(added, per))
            ]
            window = rule.window_of(added, same)
            if window:
                yield Breach(source, rule.rule_id, rule.limit, added, tuple(window))
