"""The tables of the catalogue: an offering whole as a document, with the columns filters need beside it."""

import sqlalchemy as sa

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import Outbox

metadata = sa.MetaData()
outbox = Outbox(metadata)

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ids in the order of their characters on every database, whatever language it was made for."""

offering = sa.Table(
    "offering",
    metadata,
    sa.Column("offering_id", ID, primary_key=True),
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
