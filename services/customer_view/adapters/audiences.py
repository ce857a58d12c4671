"""Audiences in the database: one INSERT … SELECT freezes one, keyset pages read it."""

from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.tables import audience, audience_member, trigger_firing
from services.customer_view.application.ports import AudienceOrder
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery, Member
from shared.kernel.identity import derive_id
from shared.rulekit.model import RuleBook
from shared.rulekit.sql_backend import Columns, to_sql
from shared.rulekit.storage import from_storage


def made(connection: Connection, audience_key: str) -> tuple[AudienceQuery, Audience] | None:
    """Return the audience of a key with its query; the key is locked until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": audience_key})
    row = connection.execute(sa.select(audience).where(audience.c.audience_key == audience_key)).mappings().first()
    if row is None:
        return None
    names = ("audience_id", "size", "rule_set", "unknown", "unknown_facts")
    return msgspec.convert(row["query"], AudienceQuery), Audience(**{name: row[name] for name in names})


def make(connection: Connection, customers: Customers, order: AudienceOrder, at: datetime) -> Audience:
    """Insert the audience and its members."""
    table, columns, book = customers.table, customers.columns, customers.book
    query = order.query
    audience_id = derive_id("audience", query.audience_key)
    selects = to_sql(order.condition, columns, book, order.on)
    if query.trigger is not None:
        selects = sa.and_(selects, table.c.customer_id.in_(_fired(query)))
    members = sa.select(sa.literal(audience_id), table.c.customer_id, _failed(query.checks, columns, book, order.on))
    inserted = connection.execute(
        audience_member.insert().from_select(["audience_id", "customer_id", "failed"], members.where(selects)),
        execution_options={"preserve_rowcount": True},
    )
    unknown, *per_fact = (
        _unknown(connection, table, selects, [columns[name] for name in sorted(order.reads)])
        if query.trigger is None
        else [0]  # it fired or it did not
    )
    result = Audience(
        audience_id=audience_id,
        size=inserted.rowcount,
        rule_set=book.version,
        unknown=unknown,
        unknown_facts={name: count for name, count in zip(sorted(order.reads), per_fact, strict=True) if count},
    )
    row = {"audience_key": query.audience_key, "query": query, "made_at": at, **msgspec.structs.asdict(result)}
    connection.execute(audience.insert(), row)
    return result


def page(connection: Connection, customers: Customers, audience_id: str, after: str, limit: int) -> AudiencePage | None:
    """Return the members that follow `after` in order of id, with the facts the query asked for as they are now."""
    query = connection.scalar(sa.select(audience.c.query).where(audience.c.audience_id == audience_id))
    if query is None:
        return None
    asked = msgspec.convert(query, AudienceQuery)
    table = customers.table
    facts = [fact for fact in customers.facts if fact.name in asked.facts]  # some may be gone since
    # The page is cut first and joined then: fresh audiences have no statistics to make a planner do so by itself.
    member = audience_member.c
    cut = sa.select(member.customer_id, member.failed)
    cut = cut.where(member.audience_id == audience_id, member.customer_id > after)
    page_rows = cut.order_by(member.customer_id).limit(limit + 1).cte("page")
    statement = sa.select(page_rows, *(table.c[fact.column] for fact in facts)).order_by(page_rows.c.customer_id)
    if facts:
        statement = statement.join_from(page_rows, table, table.c.customer_id == page_rows.c.customer_id)
    rows = connection.execute(statement).all()
    members = [
        Member(
            customer_id=row[0],
            failed=[asked.checks[int(number)] for number in row[1].split(",") if number],
            facts={fact.name: from_storage(fact, value) for fact, value in zip(facts, row[2:], strict=True)},
        )
        for row in rows[:limit]
    ]
    return AudiencePage(members=members, next_after=members[-1].customer_id if len(rows) > limit else None)


def _fired(query: AudienceQuery) -> sa.Select[tuple[str]]:
    columns = trigger_firing.c
    fired = sa.select(columns.customer_id).where(columns.trigger_id == query.trigger)
    if query.since is not None:
        fired = fired.where(columns.fired_at >= query.since)
    return fired if query.until is None else fired.where(columns.fired_at <= query.until)


def _failed(checks: list[str], columns: Columns, book: RuleBook, on: date) -> sa.ColumnElement[str]:
    """Return the numbers of the checks that do not hold, each followed by a comma."""
    failed: sa.ColumnElement[str] = sa.literal("")
    for number, name in enumerate(checks):
        rule = book.eligibility[name]
        if not rule.valid_for.covers(on):
            failed = failed + sa.literal(f"{number},")
        else:
            holds = to_sql(rule.when, columns, book, on)
            failed = failed + sa.case((holds, ""), else_=f"{number},")
    return failed


def _unknown(
    connection: Connection, table: sa.Table, selects: sa.ColumnElement[bool], read: list[sa.ColumnElement[Any]]
) -> list[int]:
    """Count the rows for which the rule is unknown, and for which each column is, in one pass."""
    # Not `selects IS NULL`: beside a NOT without brackets that would be read as NOT (… IS NULL).
    undecided = sa.case((selects, None), (sa.not_(selects), None), else_=1)
    counts = [sa.func.count(one) for one in (undecided, *(sa.case((column.is_(None), 1)) for column in read))]
    return [int(count) for count in connection.execute(sa.select(*counts).select_from(table)).one()]
