"""Orders, their progress, outbox and inbox."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import create_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "dispatch_order",
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.Text, nullable=False),
        sa.Column("cell", sa.Text, nullable=False),
        sa.Column("offering_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("script_zh", sa.Text, nullable=False),
        sa.Column("script_en", sa.Text, nullable=False),
        sa.Column("planned_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("propensity", Document, nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("contact_id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("planned_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("attempted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("lease", sa.Text),
        sa.Column("leased_until", Instant),
        sa.Column("sent_at", Instant),
        sa.Column("outcome", sa.Text),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("answered_at", Instant),
        sa.Column("simulated", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    # Partial, so that neither grows with what is over and done with.
    due, workable, leased = "due_at IS NOT NULL", "state IN ('waiting', 'listed')", "lease IS NOT NULL"
    for name, columns, where in (
        ("progress_due", ["due_at", "contact_id"], due),
        ("progress_workable", ["channel", "planned_at", "contact_id"], workable),
        ("progress_leased", ["lease"], leased),
    ):
        op.create_index(name, "progress", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
    create_tables(op)


def downgrade() -> None:
    for name in ("inbox", "outbox", "progress", "dispatch_order"):
        op.drop_table(name)
