"""JSON documents in a text column: read and written whole, the same on both databases."""

from typing import Any

import msgspec
import sqlalchemy as sa


class Document(sa.types.TypeDecorator[Any]):
    """A column of JSON values (lists, mappings, msgspec structs on the way in; builtins on the way out)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Encode; None is SQL null."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> object:  # noqa: ARG002 - SQLAlchemy's signature
        """Decode to builtins."""
        return None if value is None else msgspec.json.decode(value)
