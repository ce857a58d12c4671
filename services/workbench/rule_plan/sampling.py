"""Some subscribers of the base, always the same ones, each with the phases and rules that hold under both versions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from services.campaigns.domain.plan import Phase
from services.workbench.customer_base import CustomerBase
from services.workbench.rule_plan.sides import Side
from shared.rulekit.model import Condition, InSegment
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.sql_backend import Columns, to_sql

_BITS = 60
PhaseKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """How one version of the rules sees a subscriber: the phases it is in, the rules that do not hold."""

    phases: frozenset[PhaseKey]
    failed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sampled:
    """One subscriber; `products` None is unknown."""

    customer_id: str
    city: str | None
    products: frozenset[str] | None
    before: Seen
    after: Seen


@dataclass(frozen=True, slots=True)
class Sample:
    """Every `every`-th subscriber of the base, in order of id; only those in some audience are listed."""

    members: list[Sampled]
    judged: int
    every: int


class Questions:
    """What is asked of each subscriber under one version: audiences of phases, then eligibility rules."""

    def __init__(self, side: Side, columns: Columns) -> None:
        plans = sorted(side.plans.items())
        self.phases: list[PhaseKey] = [(name, phase.phase) for name, plan in plans for phase in plan.phases]
        offerings = {each.offering for _, plan in plans for each in plan.treatments} & side.offerings.keys()
        self.rules = sorted(
            {rule for name in offerings for rule in side.granted_by(name)} & side.book.eligibility.keys()
        )
        audiences = [_audience(phase, side) for _, plan in plans for phase in plan.phases]
        conditions = [*audiences, *(side.condition(side.book.eligibility[rule]) for rule in self.rules)]
        self.truths = [
            sa.false() if each is None else to_sql(each, columns, side.book, side.on).is_(sa.true())
            for each in conditions
        ]

    def seen(self, packs: Sequence[int]) -> Seen:
        """Read the answers for one subscriber."""
        bits = sum(pack << (_BITS * number) for number, pack in enumerate(packs))
        rules = bits >> len(self.phases)
        return Seen(
            frozenset(phase for place, phase in enumerate(self.phases) if bits >> place & 1),
            frozenset(rule for place, rule in enumerate(self.rules) if not rules >> place & 1),
        )

    def packs(self) -> list[sa.ColumnElement[int]]:
        """Return the answers as integers, sixty in each."""
        return [_packed(self.truths[start : start + _BITS]) for start in range(0, len(self.truths), _BITS)]


def take_sample(base: CustomerBase, before: Side, after: Side, size: int, most: int) -> Sample:
    """Read at most about `most` of the base's `size` subscribers."""
    every = max(1, -(-size // most))
    old, new = base.columns(before.book.vocabulary), base.columns(after.book.vocabulary)
    there, here = Questions(before, old), Questions(after, new)
    old_packs, new_packs = there.packs(), here.packs()
    key = base.table.c.customer_id
    unknown = sa.cast(sa.null(), sa.Text)
    fixed = (key, new.get("city", unknown), new.get("products", unknown))
    statement = sa.select(*fixed, *old_packs, *new_packs).select_from(base.table).order_by(key)
    if every > 1:
        statement = statement.where(_number_of(base) % every == 0)
    members, judged = [], 0
    cut = len(fixed) + len(old_packs)
    with base.reading() as connection:
        for row in connection.execute(statement):
            judged += 1
            one, other = there.seen(row[len(fixed) : cut]), here.seen(row[cut:])
            if one.phases or other.phases:
                members.append(Sampled(row[0], row[1], _set(row[2]), one, other))
    return Sample(members, judged, every)


def _number_of(base: CustomerBase) -> sa.ColumnElement[int]:
    """Return a number that has nothing to do with what the subscriber is like."""
    if base.database.dialect == "postgresql":
        return sa.func.abs(sa.func.hashtext(base.table.c.customer_id).cast(sa.BigInteger))
    return sa.literal_column("rowid", sa.BigInteger)


def _audience(phase: Phase, side: Side) -> Condition | None:
    if phase.trigger is not None:
        return None  # who joins depends on events to come, which no base holds
    if phase.segment is not None:
        return InSegment(phase.segment) if phase.segment in side.book.segments else None
    rule: Mapping[str, object] = phase.rule or {}
    return read_condition(msgspec.to_builtins(rule), side.book.vocabulary, segments=side.book.segments)


def _packed(truths: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[int]:
    bits: Iterator[sa.ColumnElement[int]] = (
        sa.case((truth, sa.literal_column(str(1 << place), sa.BigInteger)), else_=sa.literal_column("0", sa.BigInteger))
        for place, truth in enumerate(truths)
    )
    total: Any = sa.cast(sa.literal_column("0"), sa.BigInteger)
    for bit in bits:
        total = total + bit
    return total  # type: ignore[no-any-return]  # a sum of columns is a column


def _set(stored: str | None) -> frozenset[str] | None:
    return None if stored is None else frozenset(one for one in stored.split(",") if one)
