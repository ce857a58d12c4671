"""How far each file and stream of BOSS has been read."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document
from shared.persistence.instants import Instant

revision = "0003"
down_revision = "0002"
compatible = True

COUNTS = ("position", "rows", "written", "changed", "refused", "bad_cells", "rejects_bytes")


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("moved_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("incomplete", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        sa.Column("unknown", Document, nullable=False),
        sa.Column("rejects", sa.Text, nullable=False),
        sa.Column("last_rejects", Document, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("feed")
