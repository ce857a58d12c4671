"""A base made of given facts, and the same counts worked out one subscriber at a time by the reference evaluator."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from services.workbench.customer_base import CustomerBase
from services.workbench.rule_plan.changes import Change, Part
from services.workbench.rule_plan.sides import Side
from shared.persistence.database import Database
from shared.rulekit.facts import Facts
from shared.rulekit.reference import evaluate, holds
from shared.rulekit.storage import column_type, to_storage
from shared.rulekit.vocabulary import Vocabulary


def make_base(database: Database, vocabulary: Vocabulary, people: Sequence[Facts]) -> CustomerBase:
    """Fill a table of subscribers c00000, c00001 and so on."""
    metadata = sa.MetaData()
    columns = [sa.Column(fact.column, column_type(fact)) for fact in vocabulary]
    table = sa.Table("customer", metadata, sa.Column("customer_id", sa.Text, primary_key=True), *columns)
    metadata.drop_all(database.engine)
    metadata.create_all(database.engine)
    rows = [
        {"customer_id": f"c{number:05d}"} | {fact.column: to_storage(fact, facts.get(fact.name)) for fact in vocabulary}
        for number, facts in enumerate(people)
    ]
    with database.write() as connection:
        if rows:
            connection.execute(sa.insert(table), rows)
    return CustomerBase(database, "the test's", is_synthetic=True)


@dataclass(slots=True)
class Recount:
    """What `Tally` holds, counted by hand; `members` has who was gained and lost."""

    totals: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, int]] = field(default_factory=Counter)
    brands: Counter[tuple[str, object]] = field(default_factory=Counter)
    members: dict[str, set[str]] = field(default_factory=lambda: {"gained": set(), "lost": set()})


def recount(change: Change, people: Sequence[Facts], before: Side, after: Side) -> Recount:
    """Judge everybody under both versions."""
    found = Recount()
    for number, facts in enumerate(people):
        held, now = _holds(change, facts, before), _holds(change, facts, after)
        if not (held or now):
            continue
        direction = "kept" if held and now else "gained" if now else "lost"
        found.totals[direction] += 1
        found.brands[direction, facts.get("brand")] += 1
        if direction != "kept":
            parts, side = (change.after, after) if direction == "lost" else (change.before, before)
            found.reasons[direction, _first_failing(parts, facts, side)] += 1
            found.members[direction].add(f"c{number:05d}")
    return found


def _holds(change: Change, facts: Facts, side: Side) -> bool:
    book = side.book
    if change.kind == "offering":
        offering = side.offerings.get(change.id)
        return offering is not None and all(
            holds(book.eligibility[name], facts, book=book, on=side.on) for name in offering.eligibility
        )
    rule = book.segments.get(change.id) if change.kind == "segment" else book.eligibility.get(change.id)
    return rule is not None and holds(rule, facts, book=book, on=side.on)


def _first_failing(parts: Sequence[Part], facts: Facts, side: Side) -> int:
    def fails(part: Part) -> bool:
        if part.condition is None:
            return True
        return (evaluate(part.condition, facts, book=side.book, on=side.on) is True) is not part.wanted

    return next(place for place, part in enumerate(parts) if fails(part))
