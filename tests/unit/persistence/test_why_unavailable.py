"""Trouble of PostgreSQL's that may pass is told apart from faults of ours."""

import psycopg
import pytest
import sqlalchemy as sa

from shared.persistence.database import why_unavailable


@pytest.mark.parametrize(
    "trouble",
    [
        psycopg.OperationalError("server closed the connection"),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.errors.QueryCanceled("statement timeout"),
        psycopg.errors.DiskFull("no space left"),
        psycopg.InterfaceError("the connection is closed"),
    ],
)
def test_what_may_pass_is_named(trouble: Exception) -> None:
    assert why_unavailable(trouble) == type(trouble).__name__
    assert why_unavailable(sa.exc.OperationalError("SELECT 1", {}, trouble)) == type(trouble).__name__


def test_a_pool_without_a_free_connection_may_pass() -> None:
    assert why_unavailable(sa.exc.TimeoutError("QueuePool limit reached")) == "TimeoutError"


@pytest.mark.parametrize(
    "ours",
    [
        KeyError("x"),
        psycopg.errors.UndefinedTable("no such table"),
        sa.exc.ProgrammingError("SELECT", {}, psycopg.errors.SyntaxError("at end of input")),
        sa.exc.DataError("SELECT", {}, psycopg.errors.NumericValueOutOfRange("out of range")),
    ],
)
def test_a_fault_of_ours_stays_one(ours: Exception) -> None:
    assert why_unavailable(ours) is None
