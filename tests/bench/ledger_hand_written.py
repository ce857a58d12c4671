"""The baseline of the ledger: the same requests counted and inserted by SQL, see ledger_hand_written.sql."""

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import psycopg

from services.governance.domain.instants import to_micros
from shared.contracts.governance import ContactRequest
from tests.bench.ledger_base import NOW, parts_of

_COLUMNS = (
    "contact_id, customer_id, channel, campaign_id, offering_id, category, purpose, direction, planned_at, zone, "
    "priority, turn"
)


class HandWritten:
    """One session on a governance database."""

    def __init__(self, url: str) -> None:
        self._parts = parts_of(Path(__file__).with_name("ledger_hand_written.sql"))
        self._connection = psycopg.connect(url, options="-c jit=off", autocommit=True)
        self._connection.execute(self._parts["prepare"])
        self.backend = self._connection.info.backend_pid

    def reserve(self, requests: Sequence[ContactRequest]) -> tuple[float, set[str]]:
        """Insert those permitted, in one transaction; return the seconds it took and their ids.

        Several requests of one subscriber take turns, by priority, in as many statements.
        """
        rows = _rows(requests)
        turns = max(row[-1] for row in rows)
        given = {"now": to_micros(NOW), "decision": 1}
        permitted: set[str] = set()
        began = time.perf_counter()
        lines = "\n".join(["\t".join(map(str, row)) for row in rows]) + "\n"
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(self._parts["empty"])
            with cursor.copy(f"COPY asked ({_COLUMNS}) FROM STDIN") as copy:
                copy.write(lines)
            for turn in range(1, turns + 1):
                cursor.execute(self._parts["reserve"], {**given, "turn": turn})
                permitted.update(contact_id for (contact_id,) in cursor)
        return time.perf_counter() - began, permitted

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


def _rows(requests: Sequence[ContactRequest]) -> list[tuple[str | int | float, ...]]:
    turns: dict[str, int] = defaultdict(int)
    rows = []
    for one in sorted(requests, key=lambda one: (-one.priority, one.contact_id)):
        turns[one.customer_id] += 1
        at, turn = to_micros(one.planned_at), turns[one.customer_id]
        what = (one.campaign_id, one.offering_id, one.category, one.purpose, one.direction)
        rows.append((one.contact_id, one.customer_id, one.channel, *what, at, one.zone, one.priority, turn))
    return rows
