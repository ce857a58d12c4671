"""Decisions of advice, recorded with all that went into them, so that they can be judged again."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("record", Document(), nullable=False),
        sa.PrimaryKeyConstraint("decided_at", "request_id"),
    )
    op.create_table(
        "decision_scene",
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column("content", Document(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("scene"),
    )


def downgrade() -> None:
    op.drop_table("decision")
    op.drop_table("decision_scene")
