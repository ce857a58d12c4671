"""Ledger, verdicts, lists, outcomes, capacity counters, outbox and inbox."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.outbox import create_tables

revision = "0001"
down_revision = None

_TEXTS = ("contact_id", "customer_id", "channel", "campaign_id", "offering_id", "category", "purpose", "direction")


def _request() -> list[sa.Column[object]]:
    return [
        *(sa.Column(name, sa.Text, nullable=False, primary_key=name == "contact_id") for name in _TEXTS),
        sa.Column("planned_at", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("priority", sa.Float, nullable=False),
    ]


def upgrade() -> None:
    _create_ledger()
    _create_what_policies_see()
    create_tables(op)


def _create_ledger() -> None:
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
    )
    op.create_index("decision_newest", "decision", ["decided_at"])
    op.create_table(
        "rule_set",
        sa.Column("rule_set", sa.Text, primary_key=True),
        sa.Column("limits", Document, nullable=False),
    )
    op.create_table(
        "contact",
        *_request(),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("contacted_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("is_overrun", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("decision_id", sa.BigInteger, nullable=False),
        sa.Column("counters", Document),
    )
    op.create_index("contact_of_customer", "contact", ["customer_id", "last_at"])
    op.create_index("contact_planned", "contact", ["planned_at"])
    op.create_table(
        "suppression",
        *_request(),
        sa.Column("findings", Document, nullable=False),
        sa.Column("next_allowed_at", sa.BigInteger),
        sa.Column("decision_id", sa.BigInteger, nullable=False),
        sa.Column("counters", Document),
    )
    op.create_index("suppression_of_customer", "suppression", ["customer_id", "decision_id"])


def _create_what_policies_see() -> None:
    op.create_table(
        "list_entry",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("customer_id", "list_name", "channel", "category")),
        sa.Column("starts_at", sa.BigInteger),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("put_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "outcome",
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.Text),
        sa.Column("offering_id", sa.Text),
        sa.Column("category", sa.Text),
    )
    op.create_index("outcome_of_customer", "outcome", ["customer_id", "at"])
    op.create_table(
        "capacity_counter",
        sa.Column("rule_id", sa.Text, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("recount_at", sa.BigInteger, nullable=False),
    )
    counted_rules = op.create_table(
        "counted_rules",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
    )
    op.bulk_insert(counted_rules, [{"only": 1, "fingerprint": ""}])


def downgrade() -> None:
    for name in (
        "inbox",
        "outbox",
        "counted_rules",
        "capacity_counter",
        "outcome",
        "list_entry",
        "suppression",
        "contact",
        "rule_set",
        "decision",
    ):
        op.drop_table(name)
