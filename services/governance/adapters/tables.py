"""The tables of governance; moments are bigint microseconds since 1970 UTC, as the domain has them."""

import sqlalchemy as sa

from shared.persistence.documents import Document
from shared.persistence.outbox import Outbox

metadata = sa.MetaData()

REQUEST_COLUMNS = (
    "contact_id",
    "customer_id",
    "channel",
    "campaign_id",
    "offering_id",
    "category",
    "purpose",
    "direction",
    "planned_at",
    "zone",
    "priority",
)
"""In the order of the domain's Contact."""


def _request() -> list[sa.Column[object]]:
    kinds = {"planned_at": sa.BigInteger, "priority": sa.Float}
    return [
        sa.Column(name, kinds.get(name, sa.Text), nullable=False, primary_key=name == "contact_id")
        for name in REQUEST_COLUMNS
    ]


decision = sa.Table(
    "decision",
    metadata,
    sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("decided_at", sa.BigInteger, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
    sa.Column("marks", Document),
)
"""One row per batch: what all its verdicts have in common; `marks` are the list entries of those asked about."""

rule_set = sa.Table(
    "rule_set",
    metadata,
    sa.Column("rule_set", sa.Text, primary_key=True),
    sa.Column("limits", Document, nullable=False),
)
"""What the counters of verdicts count: [[rule id, limit], ...], once per version of the rules."""

contact = sa.Table(
    "contact",
    metadata,
    *_request(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("contacted_at", sa.BigInteger),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("is_overrun", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("decision_id", sa.BigInteger, nullable=False),
    sa.Column("counters", Document),
    sa.Column("released_after", sa.BigInteger),
    sa.Column("confirmed_after", sa.BigInteger),
)
"""The ledger: permitted contacts, and those that took place without permission (flagged).

`released_after` and `confirmed_after` name the newest batch of verdicts when that was noted: the order of events.
"""

suppression = sa.Table(
    "suppression",
    metadata,
    *_request(),
    sa.Column("findings", Document, nullable=False),
    sa.Column("next_allowed_at", sa.BigInteger),
    sa.Column("decision_id", sa.BigInteger, nullable=False),
    sa.Column("counters", Document),
)

list_entry = sa.Table(
    "list_entry",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("list_name", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("starts_at", sa.BigInteger),
    sa.Column("ends_at", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("put_at", sa.BigInteger, nullable=False),
)
"""An empty channel or category is any."""

outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("contact_id", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("campaign_id", sa.Text),
    sa.Column("offering_id", sa.Text),
    sa.Column("category", sa.Text),
    sa.Column("recorded_after", sa.BigInteger, nullable=False),
)
"""`recorded_after` names the newest batch of verdicts when the outcome was noted."""

capacity_counter = sa.Table(
    "capacity_counter",
    metadata,
    sa.Column("rule_id", sa.Text, primary_key=True),
    sa.Column("starts_at", sa.BigInteger, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("recount_at", sa.BigInteger, nullable=False),
)
"""Live reservations and contacts per policy and hour or day. From `recount_at` on the number may have fallen, since a
reservation lapsed; 0 means it must not be trusted at all. No row: none."""

counted_rules = sa.Table(
    "counted_rules",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
)
"""One row: the capacity policies, with their versions, that the counters were kept under."""

outbox = Outbox(metadata)
