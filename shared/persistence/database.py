"""One service's database: PostgreSQL in production, SQLite embedded; the same statements on both."""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg
import sqlalchemy as sa
import sqlalchemy.ext.compiler  # registers the hook used below
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from shared.kernel.faults import InvalidRequest

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 120
# The server's own time-outs cannot fire where it cannot be reached: half a minute without a sign ends the connection.
_LOST_AFTER = {"tcp_user_timeout": 30_000, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}


class BadDatabaseUrl(InvalidRequest):
    """What was given is no URL of a database; it is not repeated, since it may hold a password."""

    code = "bad_database_url"


def _url(text: str) -> sa.URL:
    try:
        return sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as fault:  # a port that is no number is a ValueError
        message = "that is no URL of a database, like postgresql://user:password@host:5432/name"
        raise BadDatabaseUrl(message, details={"field": "database"}) from fault


class Database:
    """Opens read and write transactions on one database; safe for many threads or green threads.

    A write transaction must never wait for the network or for another service: on SQLite writers queue up behind
    one lock for as long as it lasts. Raises BadDatabaseUrl.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = _url(url)
        self.dialect: Literal["postgresql", "sqlite"] = (
            "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        )
        self._writer = threading.RLock()
        self.engine = self._open_sqlite(pool_size) if self.dialect == "sqlite" else self._open_postgresql(pool_size)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end of the block and rolls back on any exception.

        On PostgreSQL the isolation level is READ COMMITTED: a statement sees what was committed before it began.
        """
        if self.dialect == "sqlite":
            with self._writer, self.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")
        else:
            with self.engine.begin() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading; nothing it does is kept."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection for reading of which all statements see the same moment, that of the first of them."""
        with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def _open_sqlite(self, pool_size: int) -> Engine:
        if self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size * 4,
            poolclass=sa.pool.QueuePool,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS, "isolation_level": None},
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine

    def _open_postgresql(self, pool_size: int) -> Engine:
        url = self.url.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=_CONNECT_SECONDS,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                **_LOST_AFTER,
                "options": f"-c statement_timeout={round(_STATEMENT_SECONDS * 1000)} -c timezone=UTC -c jit=off",
            },
        )
        sa.event.listen(engine, "checkout", _look_at_postgresql)
        return engine


def why_unavailable(fault: BaseException) -> str | None:
    """Return the name of PostgreSQL's trouble where it may be over when asked again, None for any other fault.

    A server that is gone, shutting down, full or overtaxed; a lock, a statement or a connection of the pool that was
    waited for too long.
    """
    cause = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault
    may_pass = (psycopg.OperationalError, psycopg.InterfaceError, sa.exc.TimeoutError)
    return type(cause).__name__ if isinstance(cause, may_pass) else None


def _look_at_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have a pooled connection replaced that the server has hung up, without asking the server anything.

    SQLAlchemy's own check is a question and an answer before each transaction. A server that is gone has closed the
    connection, which can be read off the socket.
    """
    try:
        connection.pgconn.consume_input()  # what it said last, if anything
        connection.pgconn.consume_input()  # whether it has hung up then
    except psycopg.OperationalError as fault:
        raise sa.exc.InvalidatePoolError from fault


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # A crash of the machine may lose the last transactions of the embedded default, never corrupt it.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def in_keys(column: sa.ColumnElement[str], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return `column is one of keys` with all keys in one bound parameter, so that the statement stays the same."""
    return _InKeys(column, sa.literal(_Keys(keys), _KeysType()))


class _Keys(tuple[str, ...]):
    __slots__ = ()


_UNUSUAL = re.compile(r"\\u(?:0000|d[89a-f])")  # NUL, or half of a surrogate pair, as JSON writes them


def _is_storable(key: str) -> bool:
    return "\x00" not in key and not any("\ud800" <= letter <= "\udfff" for letter in key)


class _KeysType(sa.types.TypeDecorator[_Keys]):
    """Binds a list of keys as one JSON array: a third of what a text[] costs to write and to read."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: _Keys | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        text = json.dumps(value)
        if _UNUSUAL.search(text):  # no row has a key that cannot be stored, so it is nothing to be asked about
            return json.dumps([key for key in value if _is_storable(key)])
        return text


class _InKeys(sa.ColumnElement[bool]):
    inherit_cache = True
    type = sa.Boolean()
    # It is a comparison already: without this SQLite's dialect writes `(… IN …) = 1`, which no index can serve.
    _is_implicitly_boolean = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own convention for clause elements
        ("column", sa.sql.visitors.InternalTraversal.dp_clauseelement),
        ("keys", sa.sql.visitors.InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: sa.ColumnElement[str], keys: sa.ColumnElement[_Keys]) -> None:
        self.column = column
        self.keys = keys


@sa.ext.compiler.compiles(_InKeys, "postgresql")
def _in_keys_postgresql(element: _InKeys, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    column, keys = compiler.process(element.column, **kw), compiler.process(element.keys, **kw)
    # An array of a size nobody can guess: it is looked up by index, whatever the statistics say.
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({keys} AS json))))"


@sa.ext.compiler.compiles(_InKeys, "sqlite")
def _in_keys_sqlite(element: _InKeys, compiler: Any, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    column, keys = compiler.process(element.column, **kw), compiler.process(element.keys, **kw)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - both parts are compiled clauses
