"""Transactions: everything a writer needs is locked before it reads, so that nobody decides on what another changes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import NamedTuple

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.audit import SqlAudit
from services.governance.adapters.capacity import SqlCapacity, fingerprint_of
from services.governance.adapters.evidence import SqlEvidence
from services.governance.adapters.ledger import SqlLedger
from services.governance.adapters.lists import SqlLists
from services.governance.adapters.locks import keys_of, take
from services.governance.adapters.outcomes import SqlOutcomes
from services.governance.adapters.overrides import SqlOverrides
from services.governance.adapters.privacy import SqlPrivacy
from services.governance.adapters.pseudonyms import SqlPseudonyms
from services.governance.adapters.reservations import SqlReservations
from services.governance.adapters.tables import counted_rules, decision, erasure_key, outbox
from services.governance.application.ports import Need, Unit
from services.governance.domain.instants import SECOND, from_micros
from shared.kernel.faults import InvalidRequest, Unavailable
from shared.persistence.database import Database

_TRIES = 20
_TRY_AGAIN = (
    *(sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.IntegrityError, sa.exc.TimeoutError),
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.IntegrityError),  # COPY goes past SQLAlchemy
)


class _Beginning(NamedTuple):
    """What nearly every transaction asks first, read by one statement; a writer's, when it holds its locks."""

    fingerprint: str
    newest_decision: int
    erasure_check: str | None

    @classmethod
    def of(cls, connection: Connection) -> "_Beginning":
        fingerprint, newest, check = connection.execute(_BEGINNING).one()
        return cls(fingerprint, newest or 0, check)


_BEGINNING = sa.select(
    sa.select(counted_rules.c.fingerprint).scalar_subquery(),
    sa.select(sa.func.max(decision.c.decided_at)).scalar_subquery(),
    sa.select(erasure_key.c.check_value).scalar_subquery(),
)


class SqlUnit:
    """The ports over one connection."""

    def __init__(
        self, connection: Connection, erasure_key: bytes | None = None, beginning: _Beginning | None = None
    ) -> None:
        self._connection, self._erasure_key = connection, erasure_key
        self._beginning = beginning or _Beginning.of(connection)

    @cached_property
    def ledger(self) -> SqlLedger:
        """Contacts and verdicts."""
        return SqlLedger(self._connection, self._beginning.newest_decision)

    @cached_property
    def reservations(self) -> SqlReservations:
        """Permitted contacts, as `recheck` looks at them."""
        return SqlReservations(self._connection)

    @cached_property
    def evidence(self) -> SqlEvidence:
        """What verdicts were judged by, for their receipts."""
        return SqlEvidence(self._connection)

    @cached_property
    def lists(self) -> SqlLists:
        """Who is on which list."""
        return SqlLists(self._connection)

    @cached_property
    def outcomes(self) -> SqlOutcomes:
        """What came of contacts."""
        return SqlOutcomes(self._connection)

    @cached_property
    def capacity(self) -> SqlCapacity:
        """The operator's counters."""
        return SqlCapacity(self._connection, self._beginning.fingerprint)

    @cached_property
    def overrides(self) -> SqlOverrides:
        """Who may be contacted although a list says no."""
        return SqlOverrides(self._connection)

    @cached_property
    def audit(self) -> SqlAudit:
        """Who did what about subscribers."""
        return SqlAudit(self._connection)

    @cached_property
    def pseudonyms(self) -> SqlPseudonyms:
        """Who was erased."""
        return SqlPseudonyms(self._connection, self._erasure_key, self._beginning.erasure_check)

    @cached_property
    def privacy(self) -> SqlPrivacy:
        """Erases subscribers."""
        return SqlPrivacy(self._connection, self.pseudonyms)

    def first_time(self, event_id: str, at: int) -> bool:
        """Note an arriving event; False when it was applied before."""
        return outbox.first_time(self._connection, event_id, at=from_micros(at))

    def publish(self, event_type: str, event: msgspec.Struct, key: str, at: int) -> None:
        """Tell an event when the transaction commits."""
        outbox.add(self._connection, event_type, event, at=from_micros(at), key=key)


class SqlStore:
    """Opens transactions on the governance database; safe for many threads and processes at once."""

    def __init__(
        self, database: Database, erasure_key: bytes | None = None, *, clock_tolerance: int | None = None
    ) -> None:
        """`clock_tolerance`: microseconds a writer's clock may be ahead of the server's; None: nobody looks."""
        self.database, self._erasure_key, self._clock_tolerance = database, erasure_key, clock_tolerance

    @contextmanager
    def write(self, need: Need) -> Iterator[Unit]:
        """Lock what `need` names, then open a transaction that commits at the end of the block."""
        with _reporting(), ExitStack() as stack:
            connection, beginning = self._locked(need, stack)
            yield SqlUnit(connection, self._erasure_key, beginning)

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """Open a transaction that changes nothing and sees one moment: whoever is erased is so in all it reads."""
        with _reporting(), self.database.snapshot() as connection:
            yield SqlUnit(connection, self._erasure_key)

    def _locked(self, need: Need, stack: ExitStack) -> tuple[Connection, _Beginning]:
        keys = keys_of(need.customers, need.buckets, touches_lists=need.touches_lists)
        fingerprint = fingerprint_of(need.policies.capacity)
        alone = False
        for _ in range(_TRIES):
            with ExitStack() as trial:
                connection = trial.enter_context(self.database.write())
                self._doubt(need.now, take(connection, keys, alone=alone))
                beginning = _Beginning.of(connection)
                is_counted = beginning.fingerprint == fingerprint
                if alone and not is_counted:
                    SqlCapacity(connection, beginning.fingerprint).start_anew(need.policies.capacity, need.now)
                    beginning = beginning._replace(fingerprint=fingerprint)
                if alone or is_counted:
                    stack.push(trial.pop_all())
                    return connection, beginning
            # Another rule set counted before this one: shut out all writers, and count under ours.
            alone = True
        msg = "the rules change too fast to count by"
        raise Unavailable(msg)

    def _doubt(self, now: int, witness: int | None) -> None:
        """Refuse a writer whose clock runs far ahead: what it decided would let everybody's reservations lapse."""
        if self._clock_tolerance is not None and witness is not None and now > witness + self._clock_tolerance:
            details = {"cause": "clock_ahead", "seconds_ahead": (now - witness) // SECOND}
            raise Unavailable("this process's clock is ahead of the ledger's", details=details)


@contextmanager
def _reporting() -> Iterator[None]:
    """Tell a store that does not answer, or gave the transaction up, as `unavailable`: the caller may try again.

    A key that is there already is such a case too: somebody else gave the verdict first, and the next try finds it.
    """
    try:
        yield
    except _TRY_AGAIN as fault:
        raise Unavailable(
            "the ledger did not answer", details={"cause": type(getattr(fault, "orig", None) or fault).__name__}
        ) from fault
    except (sa.exc.DataError, psycopg.DataError) as fault:
        details = {"cause": type(getattr(fault, "orig", None) or fault).__name__}
        raise InvalidRequest("that cannot be stored or looked for: a NUL, perhaps", details=details) from fault
