"""`python -m tests.torture.naive serve governance`: governance that checks, then inserts.

The same service with another store: no locks, what it decides by is read in transactions of their own, and written in
another one. Nothing else differs, so what the checker finds is what the locks are for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.messaging.green import go_green

if TYPE_CHECKING:
    from services.governance.application.ports import Need, Unit


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


def compose() -> None:
    """Put the naive store in the place of the real one, before the service is built."""
    from services.governance import dependencies  # noqa: PLC0415 - only once the process is green
    from services.governance.adapters import store  # noqa: PLC0415 - only once the process is green

    class NaiveStore(store.SqlStore):
        """Opens no transaction that anybody else would have to wait for."""

        @contextmanager
        def write(self, need: "Need") -> "Iterator[Unit]":
            with store._reporting(), self.database.engine.connect() as reading:
                own = reading.execution_options(isolation_level="AUTOCOMMIT")
                with self.database.write() as writing:
                    split: Any = SplitConnection(own, writing)
                    capacity = store.SqlCapacity(split)
                    fingerprint = store.fingerprint_of(need.policies)
                    if capacity.fingerprint() != fingerprint:
                        since = need.now - store._COUNTED_BACK
                        capacity.start_anew(need.policies.capacity, fingerprint, since)
                    yield store.SqlUnit(split)

    dependencies.SqlStore = NaiveStore  # type: ignore[misc]  # the one place where services get their store


if __name__ == "__main__":
    go_green()
    compose()
    from services.workbench.cli.main import main

    main()
