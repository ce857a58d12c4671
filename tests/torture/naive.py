"""`python -m tests.torture.naive serve governance`: governance that checks, then inserts.

The same service with another store: no locks, what it decides by is read in transactions of their own, and written in
another one. Nothing else differs, so what the checker finds is what the locks are for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.messaging.green import go_green


class SplitConnection:
    """Reads on one connection, each statement a transaction of its own; writes in the transaction of another."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading, self._writing = reading, writing

    def execute(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        return self._for(statement).execute(statement, *arguments, **options)

    def scalar(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        return self._for(statement).scalar(statement, *arguments, **options)

    def scalars(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        return self._for(statement).scalars(statement, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writing, name)

    def _for(self, statement: Any) -> Any:
        return self._reading if getattr(statement, "is_select", False) or _is_query(statement) else self._writing


def _is_query(statement: Any) -> bool:
    return str(getattr(statement, "text", "")).lstrip().upper().startswith("SELECT")


class SplitDatabase:
    """A database whose writers are not kept from what others write meanwhile."""

    def __init__(self, database: Any) -> None:
        self._database = database

    @contextmanager
    def write(self) -> Iterator[SplitConnection]:
        with self._database.engine.connect() as reading, self._database.write() as writing:
            yield SplitConnection(reading.execution_options(isolation_level="AUTOCOMMIT"), writing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def compose() -> None:
    """Put the naive store in the place of the real one, before the service is built."""
    from services.governance import dependencies  # noqa: PLC0415 - only once the process is green
    from services.governance.adapters import store  # noqa: PLC0415 - likewise

    class NaiveStore(store.SqlStore):
        """Opens transactions in which nobody waits for anybody."""

        def __init__(self, database: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(SplitDatabase(database), *arguments, **options)  # type: ignore[arg-type]  # all it uses

    vars(store)["take"] = lambda *_arguments, **_options: None
    vars(dependencies)["SqlStore"] = NaiveStore  # the one place where services get their store


if __name__ == "__main__":
    go_green()
    compose()
    from services.workbench.cli.main import main

    main()
