"""The tables of channels: what was ordered, which never changes, and how far it has come, which does."""

import sqlalchemy as sa

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import Outbox

metadata = sa.MetaData()
outbox = Outbox(metadata)

dispatch_order = sa.Table(
    "dispatch_order",
    metadata,
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

# Beside the order and not in it: every step of a contact rewrites this narrow row and leaves the scripts alone.
# Channel and times are repeated so that a work list is read from one index.
progress = sa.Table(
    "progress",
    metadata,
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

OPEN = progress.c.due_at.is_not(None)
WORKABLE = progress.c.state.in_(("waiting", "listed"))
