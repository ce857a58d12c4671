"""Many rows in one statement: COPY on PostgreSQL, one prepared statement on SQLite."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from shared.kernel.identity import derive_id

Row = Mapping[str, Any]

_FEW = 8  # below this a staging table costs more than it saves


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
        if len(rows) > _FEW:
            return _through_staging(connection, table, rows, "ON CONFLICT DO NOTHING")
        done = connection.execute(postgresql.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])
    else:
        done = connection.execute(sqlite.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])
    return done.rowcount


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
        _through_staging(connection, table, rows, f"ON CONFLICT ({key_list}) {action}")
    else:
        connection.execute(_sqlite_upsert(table, tuple(keys), tuple(changed)), [dict(row) for row in rows])


@lru_cache(maxsize=256)  # building it takes longer than running it
def _sqlite_upsert(table: sa.Table, keys: tuple[str, ...], changed: tuple[str, ...]) -> sqlite.Insert:
    statement = sqlite.insert(table)
    if not changed:
        return statement.on_conflict_do_nothing()
    excluded = statement.excluded
    return statement.on_conflict_do_update(index_elements=keys, set_={name: excluded[name] for name in changed})


def _through_staging(connection: Connection, table: sa.Table, rows: Sequence[Row], conflict: str) -> int:
    columns = list(rows[0])
    column_list = ", ".join(f'"{name}"' for name in columns)
    # Named after the columns too: a pooled connection keeps its staging tables when the table later gains a column.
    staging = f"staging_{derive_id(table.name, *columns)}"
    connection.exec_driver_sql(
        f'CREATE TEMP TABLE IF NOT EXISTS "{staging}" ON COMMIT DELETE ROWS '  # noqa: S608 - names are our own tables
        f'AS SELECT {column_list} FROM "{table.name}" WITH NO DATA'  # unlike LIKE, this leaves NOT NULL and defaults
    )
    connection.exec_driver_sql(f'TRUNCATE "{staging}"')
    _copy(connection, staging, columns, _processed(connection, table, columns, rows))
    done = connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({column_list}) SELECT {column_list} FROM "{staging}" {conflict}'  # noqa: S608
    )
    return done.rowcount


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
