"""The store of campaigns: every subject's store bound to one transaction, and the leases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.advice_store import AdviceStore
from services.campaigns.adapters.allotment_store import AllotmentStore
from services.campaigns.adapters.candidate_store import CandidateStore
from services.campaigns.adapters.case_store import CaseStore
from services.campaigns.adapters.contact_store import ContactStore
from services.campaigns.adapters.decision_store import DecisionStore
from services.campaigns.adapters.event_store import EventStore
from services.campaigns.adapters.figures_store import FiguresStore
from services.campaigns.adapters.firing_store import FiringStore
from services.campaigns.adapters.order_store import OrderStore
from services.campaigns.adapters.phase_store import PhaseStore
from services.campaigns.adapters.replica_store import ReplicaStore
from services.campaigns.adapters.tables import lease
from shared.persistence import Database
from shared.persistence.bulk import insert_missing

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SqlTransaction:
    """Port `Transaction`: each subject's store on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.cases = CaseStore(connection)
        self.phases = PhaseStore(connection)
        self.candidates = CandidateStore(connection)
        self.contacts = ContactStore(connection)
        self.allotments = AllotmentStore(connection)
        self.orders = OrderStore(connection)
        self.replicas = ReplicaStore(connection)
        self.advice = AdviceStore(connection)
        self.decisions = DecisionStore(connection)
        self.figures = FiguresStore(connection)
        self.events = EventStore(connection)
        self.firings = FiringStore(connection)


class SqlStore:
    """Port `Store` over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        """Open a transaction that commits at the end of the block and rolls back on any exception."""
        with self._database.write() as connection:
            yield SqlTransaction(connection)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Open one for reading; nothing it does is kept."""
        with self._database.read() as connection:
            yield SqlTransaction(connection)

    def acquire(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or extend a lease; False while somebody else holds it."""
        with self._database.write() as connection:
            insert_missing(connection, lease, [{"name": name, "holder": "", "held_until": _LONG_AGO}])
            taken = connection.execute(
                sa.update(lease)
                .where(lease.c.name == name, sa.or_(lease.c.holder == holder, lease.c.held_until < now))
                .values(holder=holder, held_until=until)
            )
            return taken.rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Give a lease back."""
        with self._database.write() as connection:
            mine = sa.and_(lease.c.name == name, lease.c.holder == holder)
            connection.execute(sa.update(lease).where(mine).values(held_until=_LONG_AGO))
