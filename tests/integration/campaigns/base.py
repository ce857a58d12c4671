"""A small made-up base, written straight into the tables: what reports count is known beforehand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.campaigns.adapters.tables import candidate, contact, holding, phase, sales_order, trigger_firing
from shared.persistence import Database
from shared.persistence.bulk import insert_rows

START = datetime(2026, 3, 1, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAUSE = {"rule_id": "r", "rule_version": "1", "text": "原因 / reason"}


def because(rule_id: str, text: str = "原因 / reason") -> list[dict[str, str]]:
    return [{"rule_id": rule_id, "rule_version": "1", "text": text}]


def a_phase(name: str = "p1", campaign_id: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "phase": name,
        "state": "open",
        "starts_at": START,
        "ends_at": START + timedelta(days=14),
        "audience_id": "x",
        "audience_size": 9,
        "judged_after": "",
        "unknown": 0,
        "unknown_facts": {},
        "rule_set": "r1",
    } | changes


def a_candidate(customer_id: str, campaign_id: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "campaign_id": campaign_id,
        "phase": "p1",
        "cell": "main",
        "state": "ready",
        "lost_at": None,
        "lost_by": None,
        "reasons": None,
        "treatment": "only",
        "offering_id": "tone",
        "channel": "sms",
        "rank": 0.0,
        "draw": 0,
        "step": 1,
        "attempt": 1,
        "due_at": None,
        "tried_at": None,
        "held": False,
        "city": "fuzhou",
    } | changes


def dropped(customer_id: str, stage: str, rule_id: str, text: str = "原因 / reason", **changes: Any) -> dict[str, Any]:
    fallen = {"state": "dropped", "lost_at": stage, "lost_by": rule_id, "reasons": because(rule_id, text)}
    return a_candidate(customer_id, **(fallen | changes))


def a_contact(contact_id: str, customer_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "customer_id": customer_id,
        "campaign_id": "a",
        "phase": "p1",
        "cell": "main",
        "treatment": "only",
        "offering_id": "tone",
        "step": 1,
        "attempt": 1,
        "channel": "sms",
        "direction": "outbound",
        "state": "answered",
        "script_id": "s",
        "cost_fen": 5,
        "city": "fuzhou",
        "decided_at": START + HOUR,
        "planned_at": START + 2 * HOUR,
        "expires_at": None,
        "contacted_at": START + 2 * HOUR,
        "outcome": None,
        "outcome_at": None,
        "detail": None,
        "reasons": None,
    } | changes


def an_order(contact_id: str, customer_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "customer_id": customer_id,
        "campaign_id": "a",
        "phase": "p1",
        "cell": "main",
        "treatment": "only",
        "offering_id": "tone",
        "state": "open",
        "accepted_at": START + 3 * HOUR,
        "tries": 0,
        "due_at": START + 3 * HOUR,
        "fulfilled_at": None,
        "fault": "",
    } | changes


def fill(database: Database, **rows: list[dict[str, Any]]) -> None:
    """Insert rows by table name."""
    tables = {table.name: table for table in (candidate, contact, holding, phase, sales_order)}
    with database.write() as connection:
        for name, given in rows.items():
            insert_rows(connection, tables[name], given)


def empty(database: Database) -> None:
    with database.write() as connection:
        for table in (candidate, contact, holding, phase, sales_order, trigger_firing):
            connection.execute(table.delete())


def sent(contact_id: str, customer_id: str, outcome: str | None = None, **changes: Any) -> dict[str, Any]:
    said = {"outcome": outcome, "outcome_at": START + 3 * HOUR if outcome else None}
    return a_contact(contact_id, customer_id, **(said | changes))
