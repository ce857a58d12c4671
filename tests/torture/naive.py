"""`python -m tests.torture.naive serve governance`: governance that checks, then inserts.

The same service with another store: no locks, what it decides by is read in transactions of their own, and written in
another one. Nothing else differs, so what the checker finds is what the locks are for.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from shared.messaging.green import go_green

if TYPE_CHECKING:
    from services.governance.application.ports import Need


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
    from services.governance.adapters.capacity import SqlCapacity, fingerprint_of  # noqa: PLC0415 - likewise
    from services.governance.adapters.store import _COUNTED_BACK, SqlStore  # noqa: PLC0415 - likewise

    class NaiveStore(SqlStore):
        """Opens transactions in which nobody waits for anybody."""

        def _locked(self, need: "Need", stack: ExitStack) -> Any:
            reading = stack.enter_context(self.database.engine.connect())
            writing = stack.enter_context(self.database.write())
            split: Any = SplitConnection(reading.execution_options(isolation_level="AUTOCOMMIT"), writing)
            capacity, fingerprint = SqlCapacity(split), fingerprint_of(need.policies)
            if capacity.fingerprint() != fingerprint:
                capacity.start_anew(need.policies.capacity, fingerprint, need.now - _COUNTED_BACK)
            return split

    vars(dependencies)["SqlStore"] = NaiveStore  # the one place where services get their store


if __name__ == "__main__":
    go_green()
    compose()
    from services.workbench.cli.main import main

    main()
