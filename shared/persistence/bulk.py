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
        _copy(connection, table, list(rows[0]), _processed(connection, table, _transposed(rows)))
    else:
        connection.execute(sa.insert(table), [dict(row) for row in rows])


def insert_columns(connection: Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert new rows given column by column, all of one length; for thousands, cheaper than a mapping for each row."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, list(columns), _processed(connection, table, columns))
    else:
        names, rows = list(columns), zip(*columns.values(), strict=True)
        values = [dict(zip(names, row, strict=True)) for row in rows]
        if values:
            connection.execute(sa.insert(table), values)


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
    cells = zip(*_processed(connection, table, _transposed(rows)), strict=True)
    document = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in cells], enc_hook=str)
    return connection.exec_driver_sql(_from_document(table, columns, conflict), (document.decode(),)).rowcount


@lru_cache(maxsize=256)
def _from_document(table: sa.Table, columns: tuple[str, ...], conflict: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    types = ", ".join(f'"{name}" {table.c[name].type.compile(dialect=_DIALECT)}' for name in columns)
    return (
        f'INSERT INTO "{table.name}" ({names}) '  # noqa: S608 - names and types are of our own tables
        f"SELECT {names} FROM json_to_recordset(CAST(%s AS json)) AS given({types}) {conflict}"
    )


def _transposed(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _copy(connection: Connection, table: sa.Table, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> None:
    copy_words(connection, table.name, columns, [copy_texts(values) for values in cells])


def copy_words(connection: Connection, table: str, columns: Sequence[str], words: Sequence[Sequence[Any]]) -> None:
    """Insert new rows given column by column in COPY's words, as `copy_text` writes them; on PostgreSQL alone."""
    if not words[0]:
        return
    column_list = ", ".join(f'"{name}"' for name in columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f'COPY "{table}" ({column_list}) FROM STDIN') as copy:
            copy.write("\n".join(map("\t".join, zip(*words, strict=True))) + "\n")
    finally:
        cursor.close()


def _processed(connection: Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the columns' values through each type's bind processing (JSON, custom types) as in an insert."""
    dialect: sa.Dialect = connection.dialect
    processed: list[Sequence[Any]] = []
    for name, values in columns.items():
        kind = table.c[name].type
        is_plain = isinstance(kind, (sa.String, sa.Integer, sa.Float, sa.DateTime, sa.Date, sa.Boolean))
        process = None if is_plain else kind.dialect_impl(dialect).bind_processor(dialect)
        processed.append(values if process is None else [v if v is None else process(v) for v in values])
    return processed


_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_texts(values: Sequence[Any]) -> Sequence[str]:
    """Write a column in COPY's text format; most hold nothing but plain words or numbers, which is seen at a glance."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values if not _SPECIAL.search("".join(values)) else [copy_text(value) for value in values]
    if kinds <= {int, float}:
        return list(map(str, values))
    return [copy_text(value) for value in values]


def copy_text(value: object) -> str:
    """Write one value in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES) if _SPECIAL.search(value) else value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


__all__ = [
    "Row",
    "copy_text",
    "copy_texts",
    "copy_words",
    "insert_columns",
    "insert_missing",
    "insert_rows",
    "upsert_rows",
]
