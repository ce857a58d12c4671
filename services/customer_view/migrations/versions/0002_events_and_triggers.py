"""Events of subscribers, the triggers that fired for them, and who is to be looked at when."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant

revision = "0002"
down_revision = "0001"

CUSTOMER_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "customer_event",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("customer_id", CUSTOMER_ID, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("attributes", Document, nullable=False),
    )
    op.create_index("customer_event_customer", "customer_event", ["customer_id", "type", "at"])
    op.create_index("customer_event_at", "customer_event", ["at"])
    op.create_table(
        "trigger_firing",
        sa.Column("customer_id", CUSTOMER_ID, primary_key=True),
        sa.Column("trigger_id", sa.Text, primary_key=True),
        sa.Column("fired_at", Instant, primary_key=True),
        sa.Column("trigger_version", sa.Text, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("counted", sa.BigInteger, nullable=False),
    )
    op.create_index("trigger_firing_trigger", "trigger_firing", ["trigger_id", "fired_at"])
    op.create_table(
        "trigger_watch",
        sa.Column("customer_id", CUSTOMER_ID, primary_key=True),
        sa.Column("due_at", Instant, nullable=False),
    )
    op.create_index("trigger_watch_due", "trigger_watch", ["due_at", "customer_id"])
    op.create_table(
        "trigger_rules",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("trigger_rules", "trigger_watch", "trigger_firing", "customer_event"):
        op.drop_table(table)
