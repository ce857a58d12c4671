"""Recorded decisions out of the services' databases, or out of a file that was exported from them."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy.exc import DBAPIError

from services.campaigns.adapters.store import SqlStore as CampaignStore
from services.governance.adapters.record import SqlLedgerRecord
from services.governance.application.record import RecordedBatch
from services.governance.domain.instants import to_micros
from services.governance.domain.refusals import Terms
from services.workbench.registry import database_url
from services.workbench.rule_replay.records import AdviceRecord, Record, SceneRecord, TermsRecord, weight
from shared.kernel.faults import Unavailable
from shared.persistence.database import Database

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 1, 1, tzinfo=UTC)
_PAGE = 2_000
_MOST_TOLD = 100  # unreadable lines named; the others are counted
_READER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class DatabaseRecords:
    """Reads campaigns' decisions and governance's ledger in pages; `environment` names the databases."""

    def __init__(self, environment: Mapping[str, str], terms: Terms, since: datetime, until: datetime) -> None:
        self._urls = {name: database_url(name, environment) for name in ("campaigns", "governance")}
        self._terms = terms
        self._since, self._until = since, until
        self.unreadable: list[str] = []

    def size(self) -> int | None:
        """Return how many contact verdicts there are; questions of desks are few beside them."""
        with self._open("governance") as database:
            return SqlLedgerRecord(database).count(to_micros(self._since), to_micros(self._until))

    def read(self) -> Iterator[Record]:
        """Tell terms, then advice with its scenes, then the ledger. Raises Unavailable."""
        yield TermsRecord.of(self._terms)
        with self._open("campaigns") as database:
            yield from self._advice(CampaignStore(database))
        with self._open("governance") as database:
            yield from SqlLedgerRecord(database).events(to_micros(self._since), to_micros(self._until))

    @contextmanager
    def _open(self, service: str) -> Iterator[Database]:
        """Tell a database that does not answer, or lacks what is recorded since this release, by a fault of ours."""
        url = self._urls[service]
        file = url.removeprefix("sqlite:///")
        if file != url and not Path(file).is_file():  # SQLite would make one
            raise _unreadable(service, f"there is no file {file}")
        with closing(Database(url)) as database:
            try:
                yield database
            except DBAPIError as fault:
                raise _unreadable(service, str(fault.orig or fault).strip().splitlines()[0]) from fault

    def _advice(self, store: CampaignStore) -> Iterator[Record]:
        known: set[str] = set()
        after = (self._since - timedelta(microseconds=1), "\U0010ffff")
        while True:
            with store.read() as tx:
                page = tx.decisions.page(after, _PAGE)
                scenes = tx.decisions.scenes({each.scene for each in page} - known)
            known |= {each.scene for each in scenes}
            yield from (SceneRecord(each) for each in scenes)
            yield from (AdviceRecord(each) for each in page if each.decided_at < self._until)
            if len(page) < _PAGE or page[-1].decided_at >= self._until:
                return
            after = page[-1].decided_at, page[-1].request_id


class FileRecords:
    """Reads a file with one record a line; a line that cannot be read is named, and the others are kept."""

    def __init__(self, path: Path, since: datetime, until: datetime) -> None:
        self._path = path
        self._since, self._until = since, until
        self.unreadable: list[str] = []

    def size(self) -> int | None:
        """Return None: the file is read once."""
        return None

    def read(self) -> Iterator[Record]:
        """Tell what the file holds, in its order. Raises OSError."""
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                record = self._record(number, line)
                if record is not None and (asked := _within(record, self._since, self._until)) is not None:
                    yield asked

    def _record(self, number: int, line: bytes) -> Record | None:
        if not line.strip():
            return None
        try:
            return _READER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            self.unreadable.append(f"{self._path}:{number}: {fault}" if len(self.unreadable) < _MOST_TOLD else "…")
            return None


def _unreadable(service: str, cause: str) -> Unavailable:
    message = f"the database of {service} cannot be read: {cause}; `banyan migrate {service}` brings it up to date"
    return Unavailable(message, details={"service": service})


def export(records: Iterator[Record], file: BinaryIO) -> int:
    """Write records one a line; return how many decisions they hold."""
    encoder, total = msgspec.json.Encoder(), 0
    for record in records:
        file.write(encoder.encode(record) + b"\n")
        total += weight(record)
    return total


def _within(record: Record, since: datetime, until: datetime) -> Record | None:
    """Return the record if it belongs to the span; verdicts given before it are context, not judged again."""
    if isinstance(record, AdviceRecord):
        return record if since <= record.decision.decided_at < until else None
    if isinstance(record, RecordedBatch):
        if record.decided_at >= to_micros(until):
            return None
        if record.decided_at < to_micros(since):
            return msgspec.structs.replace(record, is_history=True)
    return record
