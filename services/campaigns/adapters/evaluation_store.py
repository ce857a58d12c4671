"""Set-based counts over candidates, contacts and orders: what evaluation, reports and stories read."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from services.campaigns.adapters.tables import candidate, contact, holding, phase, sales_order
from services.campaigns.application.telling import ToldContact
from services.campaigns.domain.evaluation import CellCount, TreatmentCount
from shared.contracts.campaigns import (
    Breakdown,
    CellMember,
    ContactRecord,
    FunnelStage,
    Suppression,
    SuppressionCount,
)
from shared.contracts.wire import REACHED, Reason
from shared.persistence.database import Database

_SEPARATOR = "|"  # joins the parts of a suppression's id; ids of campaigns and phases do not hold it


class EvaluationStore:
    """Reads what happened; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cells(self, campaign_id: str, converts: tuple[str, ...]) -> list[CellCount]:
        """Count members, contacts, orders and conversions per phase and cell, in order of both."""
        with self._database.read() as connection:
            members = _keyed(connection, _members(campaign_id, converts))
            contacts = _keyed(connection, _contacted(campaign_id))
            orders = _keyed(connection, _ordered(campaign_id))
        return [
            CellCount(key[0], key[1], row[0], *contacts.get(key, (0, 0)), *orders.get(key, (0, 0)), converted=row[1])
            for key, row in sorted(members.items())
        ]

    def treatments(self, campaign_id: str) -> list[TreatmentCount]:
        """Count accepted and fulfilled orders per treatment."""
        query = (
            sa.select(sales_order.c.treatment, sa.func.count(), _count_where(sales_order.c.state == "fulfilled"))
            .where(sales_order.c.campaign_id == campaign_id)
            .group_by(sales_order.c.treatment)
            .order_by(sales_order.c.treatment)
        )
        with self._database.read() as connection:
            return [TreatmentCount(*row) for row in connection.execute(query)]

    def contact_cost(self, campaign_id: str) -> int:
        """Add up the cost of the contacts that took place, in fen."""
        query = sa.select(sa.func.coalesce(sa.func.sum(contact.c.cost_fen), 0)).where(
            contact.c.campaign_id == campaign_id, contact.c.contacted_at.is_not(None)
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def suppressions(self, campaign_id: str) -> list[SuppressionCount]:
        """Count subscribers per stage and decisive rule, most first; the text is one subscriber's, as an example."""
        query = (
            sa.select(
                candidate.c.lost_at,
                candidate.c.lost_by,
                sa.func.min(sa.cast(candidate.c.reasons, sa.Text)),
                sa.func.count(sa.distinct(candidate.c.customer_id)),
            )
            .where(candidate.c.campaign_id == campaign_id, candidate.c.lost_at.is_not(None))
            .group_by(candidate.c.lost_at, candidate.c.lost_by)
        )
        with self._database.read() as connection:
            rows = [
                SuppressionCount(stage=stage, rule_id=rule, text=_first_text(reasons, rule), customers=count)
                for stage, rule, reasons, count in connection.execute(query)
            ]
        return sorted(rows, key=lambda row: (-row.customers, row.stage, row.rule_id))

    def breakdowns(self, campaign_id: str) -> list[Breakdown]:
        """Count contacts by channel, city and phase."""
        with self._database.read() as connection:
            return [
                Breakdown(dimension=dimension, value=value, contacted=made, reached=reached, accepted=accepted)
                for dimension in ("channel", "city", "phase")
                for value, made, reached, accepted in sorted(
                    connection.execute(_by(dimension, campaign_id)), key=itemgetter(0)
                )
            ]

    def refusals(self, campaign_id: str) -> dict[str, int]:
        """Count what subscribers gave as the reason of a refusal."""
        query = (
            sa.select(contact.c.detail, sa.func.count())
            .where(contact.c.campaign_id == campaign_id, contact.c.outcome == "refused", contact.c.detail != "")
            .group_by(contact.c.detail)
            .order_by(contact.c.detail)
        )
        with self._database.read() as connection:
            return {detail: count for detail, count in connection.execute(query) if detail}

    def unknown_facts(self, campaign_id: str) -> dict[str, int]:
        """Return, per fact the phases' rules read, for how many subscribers it was unknown when a phase opened."""
        query = sa.select(phase.c.unknown_facts).where(phase.c.campaign_id == campaign_id)
        worst: dict[str, int] = {}
        with self._database.read() as connection:
            for facts in connection.scalars(query):
                for fact, count in facts.items():
                    worst[fact] = max(worst.get(fact, 0), count)
        return {fact: count for fact, count in sorted(worst.items()) if count}

    def contacts(self, after: str, limit: int) -> list[ToldContact]:
        """Return contacts that were permitted, in order of id."""
        query = (
            sa.select(contact, sales_order.c.fulfilled_at)
            .outerjoin(sales_order, sales_order.c.contact_id == contact.c.contact_id)
            .where(contact.c.contact_id > after, contact.c.state != "suppressed")
            .order_by(contact.c.contact_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_told(row) for row in connection.execute(query).mappings()]

    def members(self, campaign_id: str, cell: str, after: tuple[str, str], limit: int) -> list[CellMember]:
        """Return members in order of subscriber and phase; all cells when `cell` is empty."""
        query = (
            sa.select(candidate.c.customer_id, candidate.c.phase, candidate.c.cell)
            .where(
                candidate.c.campaign_id == campaign_id,
                sa.tuple_(candidate.c.customer_id, candidate.c.phase) > sa.tuple_(*map(sa.literal, after)),
            )
            .order_by(candidate.c.customer_id, candidate.c.phase)
            .limit(limit)
        )
        if cell:
            query = query.where(candidate.c.cell == cell)
        with self._database.read() as connection:
            return [
                CellMember(customer_id=customer_id, phase=phase_id, cell=cell_id)
                for customer_id, phase_id, cell_id in connection.execute(query)
            ]

    def dropped(self, after: str, limit: int) -> list[Suppression]:
        """Return candidates that fell out, in order of (subscriber, campaign, phase)."""
        key = (candidate.c.customer_id, candidate.c.campaign_id, candidate.c.phase)
        start = (*after.rsplit(_SEPARATOR, 2), "", "")[:3]  # any text is a mark: what comes after it follows
        query = (
            sa.select(*key, candidate.c.lost_at, candidate.c.reasons)
            .where(candidate.c.lost_at.is_not(None), sa.tuple_(*key) > sa.tuple_(*map(sa.literal, start)))
            .order_by(*key)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [_suppression(_SEPARATOR.join(row[:3]), *row) for row in rows]

    def suppressed(self, after: str, limit: int) -> list[Suppression]:
        """Return contacts that governance did not permit, in order of contact id; some were tried again later."""
        columns = (contact.c.contact_id, contact.c.customer_id, contact.c.campaign_id, contact.c.phase)
        query = (
            sa.select(*columns, sa.literal("after_limits"), contact.c.reasons)
            .where(contact.c.state == "suppressed", contact.c.contact_id > after)
            .order_by(contact.c.contact_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_suppression(*row) for row in connection.execute(query)]


def _members(campaign_id: str, converts: tuple[str, ...]) -> sa.Select[Any]:
    holds = sa.exists().where(holding.c.customer_id == candidate.c.customer_id, holding.c.product.in_(converts))
    return (
        sa.select(candidate.c.phase, candidate.c.cell, sa.func.count(), _count_where(holds))
        .where(candidate.c.campaign_id == campaign_id, ~candidate.c.held)
        .group_by(candidate.c.phase, candidate.c.cell)
    )


def _contacted(campaign_id: str) -> sa.Select[Any]:
    reached = sa.and_(contact.c.contacted_at.is_not(None), contact.c.outcome.in_(sorted(REACHED)))
    return (
        sa.select(
            contact.c.phase,
            contact.c.cell,
            _distinct_where(contact.c.contacted_at.is_not(None)),
            _distinct_where(reached),
        )
        .where(contact.c.campaign_id == campaign_id)
        .group_by(contact.c.phase, contact.c.cell)
    )


def _ordered(campaign_id: str) -> sa.Select[Any]:
    customer_id = sales_order.c.customer_id
    fulfilled = sa.case((sales_order.c.state == "fulfilled", customer_id))
    return (
        sa.select(
            sales_order.c.phase,
            sales_order.c.cell,
            sa.func.count(sa.distinct(customer_id)),
            sa.func.count(sa.distinct(fulfilled)),
        )
        .where(sales_order.c.campaign_id == campaign_id)
        .group_by(sales_order.c.phase, sales_order.c.cell)
    )


def _by(dimension: str, campaign_id: str) -> sa.Select[Any]:
    column: sa.ColumnElement[Any] = sa.func.coalesce(contact.c[dimension], sa.literal_column("''"))
    return (
        sa.select(
            column,
            sa.func.count(),
            _count_where(contact.c.outcome.in_(sorted(REACHED))),
            _count_where(sales_order.c.contact_id.is_not(None)),
        )
        .outerjoin(sales_order, sales_order.c.contact_id == contact.c.contact_id)
        .where(contact.c.campaign_id == campaign_id, contact.c.contacted_at.is_not(None))
        .group_by(column)
    )


def _count_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _distinct_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, contact.c.customer_id))))


def _keyed(connection: sa.Connection, query: sa.Select[Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in connection.execute(query)}


def _first_text(reasons: str | None, rule_id: str) -> str:
    decoded: list[Mapping[str, str]] = msgspec.json.decode(reasons) if reasons else []
    return next((each["text"] for each in decoded if each["rule_id"] == rule_id), rule_id)


def _told(row: sa.RowMapping) -> ToldContact:
    record = ContactRecord(**{name: row[name] for name in _RECORD_FIELDS})
    return ToldContact(record, row["treatment"], row["step"])


_RECORD_FIELDS = (
    "contact_id", "customer_id", "campaign_id", "phase", "cell", "offering_id", "channel", "planned_at", "state",
    "contacted_at", "outcome", "fulfilled_at", "direction",
)  # fmt: skip


def _suppression(
    suppression_id: str, customer_id: str, campaign_id: str, phase_id: str, stage: str, reasons: object
) -> Suppression:
    return Suppression(
        suppression_id=suppression_id,
        customer_id=customer_id,
        campaign_id=campaign_id,
        phase=phase_id,
        stage=msgspec.convert(stage, FunnelStage),
        reasons=msgspec.convert(reasons, list[Reason]),
    )
