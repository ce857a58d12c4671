"""Offerings, outbox and inbox."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import create_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "offering",
        sa.Column("offering_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        sa.Column("product_class", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("is_bundle", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("components", Document, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_index("offering_category", "offering", ["category", "product_class"])
    create_tables(op)


def downgrade() -> None:
    for name in ("inbox", "outbox", "offering"):
        op.drop_table(name)
