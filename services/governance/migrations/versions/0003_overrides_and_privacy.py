"""Overrides, audit, erasure; what `recheck` withdrew; similar campaigns; indexes by batch for retention."""

import sqlalchemy as sa
from alembic import op

from shared.persistence.documents import Document

revision = "0003"
down_revision = "0002"

_TEXTS = ("customer_id", "rule_id", "reason")
_AUDITED = ("customer_id", "author", "action", "subject", "detail")
_NEWEST = "(SELECT decision_id FROM decision WHERE decided_at <= put_at ORDER BY decided_at DESC LIMIT 1)"


def upgrade() -> None:
    for table in ("contact", "suppression"):
        op.add_column(table, sa.Column("similar_to", Document))
    op.add_column("contact", sa.Column("lifted", Document))
    op.add_column("contact", sa.Column("withdrawn", Document))
    op.add_column("list_entry", sa.Column("put_after", sa.BigInteger, nullable=False, server_default="0"))
    # An entry put after a reservation that still stands must be seen to have come after it.
    op.execute(f"UPDATE list_entry SET put_after = coalesce({_NEWEST}, 0)")  # noqa: S608 - our own text
    op.add_column("decision", sa.Column("overrides", Document))
    op.create_index("list_entry_by_list", "list_entry", ["list_name", "customer_id", "channel", "category"])
    op.create_table(
        "override",
        sa.Column("override_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
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
    op.create_index("override_of_customer", "override", ["customer_id"])
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _AUDITED),
    )
    op.create_index("audit_of_customer", "audit", ["customer_id", "audit_id"])
    op.create_table(
        "erased",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "erasure_key",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("check_value", sa.Text, nullable=False),
    )
    _create_indexes_of_retention()


def _create_indexes_of_retention() -> None:
    # Batches are numbered in the order in which their rows are written, so these grow at one end, which costs next to
    # nothing. (BRIN would find nothing any more once new rows fill the pages of those that retention deleted.)
    for table in ("contact", "suppression"):
        op.create_index(f"{table}_by_batch", table, ["decision_id"])
    op.create_index("decision_by_rule_set", "decision", ["rule_set"])
    op.create_index("outcome_at", "outcome", ["at"])
    op.create_index("inbox_applied", "inbox", ["applied_at"])
    for table in ("list_entry", "override"):
        ends = sa.text("ends_at IS NOT NULL")
        op.create_index(f"{table}_ends", table, ["ends_at"], postgresql_where=ends, sqlite_where=ends)


def downgrade() -> None:
    for name, table in (
        ("list_entry_ends", "list_entry"),
        ("inbox_applied", "inbox"),
        ("outcome_at", "outcome"),
        ("decision_by_rule_set", "decision"),
        ("suppression_by_batch", "suppression"),
        ("contact_by_batch", "contact"),
    ):
        op.drop_index(name, table)
    for table in ("erasure_key", "erased", "audit", "override"):
        op.drop_table(table)
    op.drop_index("list_entry_by_list", "list_entry")
    op.drop_column("decision", "overrides")
    op.drop_column("list_entry", "put_after")
    op.drop_column("contact", "withdrawn")
    op.drop_column("contact", "lifted")
    for table in ("contact", "suppression"):
        op.drop_column(table, "similar_to")
