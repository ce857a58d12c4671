"""The tables of governance; moments are bigint microseconds since 1970 UTC, as the domain has them."""

from typing import Any

import msgspec
import sqlalchemy as sa

from services.governance.domain.policies import Scope
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
    "similar_to",
)
"""In the order of the domain's Contact."""


class _Names(sa.types.TypeDecorator[tuple[str, ...]]):
    """A few names as a JSON array; none is null, which is what nearly every row has."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return msgspec.json.encode(value).decode() if value else None

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> tuple[str, ...]:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        return () if value is None else tuple(msgspec.json.decode(value))


def _request() -> list[sa.Column[object]]:
    kinds = {"planned_at": sa.BigInteger, "priority": sa.Float, "similar_to": _Names}
    return [
        sa.Column(name, kinds.get(name, sa.Text), nullable=name == "similar_to", primary_key=name == "contact_id")
        for name in REQUEST_COLUMNS
    ]


decision = sa.Table(
    "decision",
    metadata,
    sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("decided_at", sa.BigInteger, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
    sa.Column("marks", Document),
    sa.Column("overrides", Document),
)
"""One row per batch: what all its verdicts have in common.

`marks` are the list entries of those asked about, `overrides` those in force for them.
"""

NEWEST_BATCH = sa.select(sa.func.coalesce(sa.func.max(decision.c.decision_id), 0))
"""The number of the newest batch of verdicts, 0 before the first: what the columns `…_after` note."""

rule_set = sa.Table(
    "rule_set",
    metadata,
    sa.Column("rule_set", sa.Text, primary_key=True),
    sa.Column("limits", Document, nullable=False),
)
"""What the counters of verdicts count: [[rule id, limit, version], ...], once per rule set; once without version."""

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
    sa.Column("lifted", Document),
    sa.Column("withdrawn", Document),
)
"""The ledger: permitted contacts, and those that took place without permission (flagged).

`released_after` and `confirmed_after` name the newest batch of verdicts when that was noted: the order of events.
`lifted` are the findings that an override set aside, `withdrawn` those for which `recheck` took the place back.
"""


def live_at(now: int | str) -> sa.ColumnElement[bool]:
    """Return the test whether a contact takes up room at `now`, a moment or the name of a parameter that holds it."""
    moment = sa.bindparam(now, type_=sa.BigInteger) if isinstance(now, str) else sa.literal(now, sa.BigInteger)
    is_reserved = sa.and_(contact.c.state == "reserved", contact.c.expires_at > moment)
    return sa.or_(contact.c.state == "confirmed", is_reserved)


def covered(scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Return the tests whether a policy's scope covers a contact of the ledger."""
    tests = {
        contact.c.direction: scope.directions,
        contact.c.purpose: scope.purposes,
        contact.c.channel: scope.channels,
        contact.c.category: scope.categories,
        contact.c.campaign_id: scope.campaigns,
    }
    return [column.in_(sorted(allowed)) for column, allowed in tests.items() if allowed]


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
    sa.Column("put_after", sa.BigInteger, nullable=False),
    sa.Index("list_entry_by_list", "list_name", "customer_id", "channel", "category"),
)
"""An empty channel or category is any. `put_after` names the newest batch of verdicts when the entry was put."""

override = sa.Table(
    "override",
    metadata,
    sa.Column("override_id", sa.Text, primary_key=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("customer_id", "rule_id", "reason")),
    *(sa.Column(name, sa.Text) for name in ("channel", "category")),
    sa.Column("starts_at", sa.BigInteger),
    sa.Column("ends_at", sa.BigInteger, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.BigInteger, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_at", sa.BigInteger),
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("withdrawn_at", sa.BigInteger),
    sa.Column("changed_after", sa.BigInteger, nullable=False),
)
"""Who may be contacted although a list says no. `changed_after`: the newest batch at its last change."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("customer_id", "author", "action", "subject", "detail")),
)
"""Who did what about a subscriber; rows are only added."""

erased = sa.Table(
    "erased",
    metadata,
    sa.Column("pseudonym", sa.Text, primary_key=True),
    sa.Column("erased_at", sa.BigInteger, nullable=False),
)
"""Subscribers whose rows are kept under a pseudonym: a keyed hash of the customer id."""

erasure_key = sa.Table(
    "erasure_key",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True),
    sa.Column("check_value", sa.Text, nullable=False),
)
"""One row once anybody was erased: by it the key is known for the right one. It does not tell the key."""

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
