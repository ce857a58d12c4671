"""When releases, confirmations and outcomes were noted, and the lists a batch was judged by: verdicts can be replayed.

Moments are told by the newest batch of verdicts at the time, which orders them exactly; clocks may stand still.
"""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document

revision = "0002"
down_revision = "0001"

_NEWEST = "coalesce((SELECT decision_id FROM decision WHERE decided_at <= {} ORDER BY decided_at DESC LIMIT 1), 0)"


def upgrade() -> None:
    op.add_column("contact", sa.Column("released_after", sa.BigInteger))
    op.add_column("contact", sa.Column("confirmed_after", sa.BigInteger))
    op.add_column("outcome", sa.Column("recorded_after", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("decision", sa.Column("marks", Document))
    # What older rows do not tell is taken to have been noted at once.
    op.execute("UPDATE contact SET released_after = decision_id WHERE state = 'released'")
    contacted, recorded = _NEWEST.format("contact.contacted_at"), _NEWEST.format("outcome.at")
    op.execute(f"UPDATE contact SET confirmed_after = {contacted} WHERE state = 'confirmed'")  # noqa: S608 - our own text
    op.execute(f"UPDATE outcome SET recorded_after = {recorded}")  # noqa: S608 - our own text


def downgrade() -> None:
    op.drop_column("decision", "marks")
    op.drop_column("outcome", "recorded_after")
    op.drop_column("contact", "confirmed_after")
    op.drop_column("contact", "released_after")
