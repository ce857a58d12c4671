"""Many rows in one statement: COPY or one JSON parameter on PostgreSQL, one prepared statement on SQLite."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows that are known to be new; all rows name the same columns. Fails as a whole on a conflict."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        columns = list(rows[0])
        _copy(connection, table.name, columns, _processed(connection, table, columns, rows))
    else:
        connection.execute(sa.insert(table), [dict(row) for row in rows])


def insert_missing(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose primary or unique key is not yet there, leave the others as they are; return how many."""
    if not rows:
        return 0
    if connection.dialect.name == "postgresql":
        return _as_document(connection, table, rows, "ON CONFLICT DO NOTHING")
    statement = sqlite.insert(table).on_conflict_do_nothing()
    return connection.execute(statement, [dict(row) for row in rows]).rowcount


def upsert_rows(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows, or overwrite the named columns of those whose primary key is there; `rows` repeat no key."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    changed = [name for name in rows[0] if name not in keys]
    if connection.dialect.name == "postgresql":
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
        action = f"DO UPDATE SET {sets}" if changed else "DO NOTHING"
        key_list = ", ".join(f'"{key}"' for key in keys)
        _as_document(connection, table, rows, f"ON CONFLICT ({key_list}) {action}")
    else:
        connection.execute(_sqlite_upsert(table, tuple(keys), tuple(changed)), [dict(row) for row in rows])


@lru_cache(maxsize=256)  # building it takes longer than running it
def _sqlite_upsert(table: sa.Table, keys: tuple[str, ...], changed: tuple[str, ...]) -> sqlite.Insert:
    statement = sqlite.insert(table)
    if not changed:
        return statement.on_conflict_do_nothing()
    excluded = statement.excluded
    return statement.on_conflict_do_update(index_elements=keys, set_={name: excluded[name] for name in changed})


def _as_document(connection: Connection, table: sa.Table, rows: Sequence[Row], conflict: str) -> int:
    """Send all rows as one JSON parameter: a statement that stays the same, and no staging table to make and empty."""
    columns = tuple(rows[0])
    processed = _processed(connection, table, columns, rows)
    document = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in processed], enc_hook=str)
    return connection.exec_driver_sql(_from_document(table, columns, conflict), (document.decode(),)).rowcount


@lru_cache(maxsize=256)
def _from_document(table: sa.Table, columns: tuple[str, ...], conflict: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    types = ", ".join(f'"{name}" {table.c[name].type.compile(dialect=_DIALECT)}' for name in columns)
    return (
        f'INSERT INTO "{table.name}" ({names}) '  # noqa: S608 - names and types are of our own tables
        f"SELECT {names} FROM json_to_recordset(CAST(%s AS json)) AS given({types}) {conflict}"
    )


def _copy(connection: Connection, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
    column_list = ", ".join(f'"{name}"' for name in columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f'COPY "{table}" ({column_list}) FROM STDIN') as copy:
            copy.write("".join(["\t".join([_copy_text(value) for value in row]) + "\n" for row in rows]))
    finally:
        cursor.close()


def _processed(connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    """Apply each column type's bind processing (JSON, custom types), as an ordinary insert would."""
    dialect: sa.Dialect = connection.dialect
    processors = [
        None
        if isinstance(table.c[name].type, (sa.String, sa.Integer, sa.Float, sa.DateTime, sa.Date, sa.Boolean))
        else table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name in columns
    ]
    if not any(processors):
        return [[row[name] for name in columns] for row in rows]
    return [
        [
            processor(row[name]) if processor and row[name] is not None else row[name]
            for name, processor in zip(columns, processors, strict=True)
        ]
        for row in rows
    ]


_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(value: object) -> str:
    """Write one value in COPY's text format; in order of how common they are, since it runs for every cell."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return value.translate(_ESCAPES) if _SPECIAL.search(value) else value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


__all__ = ["Row", "insert_missing", "insert_rows", "upsert_rows"]
