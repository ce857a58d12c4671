"""Triggers that fired, as customer_view told it: phases by trigger take in those for whom one fired."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.instants import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "trigger_firing",
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("fired_at", Instant(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("trigger_id", "fired_at", "customer_id"),
    )


def downgrade() -> None:
    op.drop_table("trigger_firing")
