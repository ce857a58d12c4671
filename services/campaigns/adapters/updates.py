"""Many rows changed in one statement, each to values of its own."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.persistence.bulk import Row


def update_rows(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    match: Mapping[str, str],
    change: Mapping[str, str] | None = None,
    same: Mapping[str, object] | None = None,
    where: sa.ColumnElement[bool] | None = None,
) -> int:
    """Change the rows of `table` that match; return how many were changed.

    `match` and `change` say which name in `rows` stands for which column, `same` gives columns the same value in all
    rows; `where` is a further condition.
    """
    if not rows:
        return 0
    condition = sa.true() if where is None else where
    change = change or {}
    if connection.dialect.name == "postgresql":
        return _joined(connection, table, rows, match, change, same or {}, condition)
    statement = (
        sa.update(table)
        .where(condition, *(table.c[column] == sa.bindparam(f"m_{name}") for name, column in match.items()))
        .values({**{column: sa.bindparam(f"c_{name}") for name, column in change.items()}, **(same or {})})
    )
    return connection.execute(
        statement,
        [{f"m_{name}": row[name] for name in match} | {f"c_{name}": row[name] for name in change} for row in rows],
    ).rowcount


def is_any(column: sa.ColumnElement[str], words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return `column is one of a few words`, in a form that statements for many rows can carry."""
    return sa.or_(*(column == sa.literal_column(f"'{word}'") for word in words))


def _joined(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    match: Mapping[str, str],
    change: Mapping[str, str],
    same: Mapping[str, object],
    condition: sa.ColumnElement[bool],
) -> int:
    types = {name: table.c[column].type for name, column in {**match, **change}.items()}
    # One dimension: without saying so SQLAlchemy takes a document that is itself a list for a row of a matrix.
    arrays = [sa.literal([row[name] for row in rows], sa.ARRAY(kind, dimensions=1)) for name, kind in types.items()]
    given = (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()), name="given")
        .render_derived()
    )
    statement = (
        sa.update(table)
        .where(condition, *(table.c[column] == given.c[name] for name, column in match.items()))
        .values({**{column: given.c[name] for name, column in change.items()}, **same})
    )
    return connection.execute(statement).rowcount
