"""Subscribers with the facts of the first vocabulary, audiences and their members, outbox and inbox.

Facts that the vocabulary gains later get their columns when a service starts: see `adapters/tables.py`.
"""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import create_tables

revision = "0001"
down_revision = None

CUSTOMER_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    create_tables(op)
    op.create_table(
        "customer",
        sa.Column("customer_id", CUSTOMER_ID, primary_key=True),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("city", sa.Text),
        sa.Column("brand", sa.Text),
        sa.Column("age", sa.BigInteger),
        sa.Column("gender", sa.Text),
        sa.Column("tenure_months", sa.BigInteger),
        sa.Column("activated_on", sa.Text),
        sa.Column("monthly_spend_fen", sa.BigInteger),
        sa.Column("average_spend_fen", sa.BigInteger),
        sa.Column("balance_fen", sa.BigInteger),
        sa.Column("in_arrears", sa.Boolean),
        sa.Column("real_name_verified", sa.Boolean),
        sa.Column("is_student", sa.Boolean),
        sa.Column("price_sensitivity", sa.BigInteger),
        sa.Column("call_circle", sa.BigInteger),
        sa.Column("voice_minutes", sa.BigInteger),
        sa.Column("missed_calls", sa.BigInteger),
        sa.Column("sms_sent", sa.BigInteger),
        sa.Column("mms_sent", sa.BigInteger),
        sa.Column("plan", sa.Text),
        sa.Column("data_used_mb", sa.Double),
        sa.Column("data_quota_mb", sa.Double),
        sa.Column("wap_days", sa.BigInteger),
        sa.Column("finance_app_uses", sa.BigInteger),
        sa.Column("handset_brand", sa.Text),
        sa.Column("handset_os", sa.Text),
        sa.Column("handset_capabilities", sa.Text),
        sa.Column("products", sa.Text),
        sa.Column("tags", sa.Text),
        sa.Column("crowd_type", sa.Text),
        sa.Column("crbt_subscribed", sa.Boolean),
        sa.Column("crbt_days_since_download", sa.BigInteger),
        sa.Column("crbt_days_since_cancelled", sa.BigInteger),
        sa.Column("crbt_adoption_probability", sa.Double),
        sa.Column("crbt_churn_probability", sa.Double),
        sa.Column("churn_probability", sa.Double),
        sa.Column("influence_index", sa.Double),
    )
    op.create_table(
        "audience",
        sa.Column("audience_id", sa.Text, primary_key=True),
        sa.Column("audience_key", sa.Text, nullable=False, unique=True),
        sa.Column("query", Document, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("unknown", sa.BigInteger, nullable=False),
        sa.Column("unknown_facts", Document, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
    )
    op.create_table(
        "audience_member",
        sa.Column("audience_id", sa.Text, primary_key=True),
        sa.Column("customer_id", CUSTOMER_ID, primary_key=True),
        sa.Column("failed", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("audience_member", "audience", "customer", "outbox", "inbox"):
        op.drop_table(table)
