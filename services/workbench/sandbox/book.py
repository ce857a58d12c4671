"""What the sandbox remembers: orders of both systems, messages with their receipts, calls, behaviours. SQLite."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.workbench.sandbox.behaviour import SYSTEMS, Behaviour, System
from services.workbench.sandbox.requests import Message, Order

MOST_CALLS = 10_000
"""Older calls are forgotten."""

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (system TEXT, order_id TEXT, customer_id TEXT, offering_id TEXT, products TEXT,
    state TEXT, message TEXT, asked INTEGER DEFAULT 0, carried_out INTEGER, first_at TEXT, changed_at TEXT,
    PRIMARY KEY (system, order_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, receiver TEXT, text TEXT, state TEXT, asked INTEGER DEFAULT 0,
    first_at TEXT, receipt TEXT, receipts_left INTEGER, receipt_due REAL, receipt_note TEXT DEFAULT '') WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipts ON messages (receipt_due) WHERE receipts_left > 0;
CREATE TABLE IF NOT EXISTS calls (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, system TEXT, path TEXT,
    key TEXT, items INTEGER, behaviour TEXT, status INTEGER);
CREATE TABLE IF NOT EXISTS behaviours (system TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
"""
_PLACE = "INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
_CANCEL = (
    "UPDATE orders SET state = 'cancelled', changed_at = ? WHERE system = ? AND state = 'done'"
    " AND order_id IN (SELECT value FROM json_each(?))"
)
_COUNT = "UPDATE orders SET asked = asked + 1 WHERE system = ? AND order_id IN (SELECT value FROM json_each(?))"
_STATES = "SELECT order_id, state FROM orders WHERE system = ? AND order_id IN (SELECT value FROM json_each(?))"
_LISTS = {
    "orders": "SELECT * FROM orders WHERE :only IN ('', order_id) ORDER BY changed_at DESC, order_id LIMIT :limit",
    "messages": "SELECT * FROM messages WHERE :only IN ('', id) ORDER BY first_at DESC, id LIMIT :limit",
    "calls": "SELECT * FROM calls WHERE :only IN ('', key) ORDER BY number DESC LIMIT :limit",
}
_ACCEPT = (
    "INSERT OR IGNORE INTO messages (id, receiver, text, state, first_at, receipt, receipts_left, receipt_due)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT_MESSAGES = "UPDATE messages SET asked = asked + 1 WHERE id IN (SELECT value FROM json_each(?))"
_MESSAGE_STATES = "SELECT id, state FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_DUE = "SELECT id, receipt FROM messages WHERE receipts_left > 0 AND receipt_due <= ? ORDER BY receipt_due LIMIT ?"
_TOLD = "UPDATE messages SET receipts_left = max(0, receipts_left - ?), receipt_due = ?, receipt_note = ? WHERE id = ?"
Row = dict[str, Any]


class Book:
    """One database behind a lock; `path` ":memory:" forgets everything with the process."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
        self._connection.row_factory = sqlite3.Row
        with self._lock, self._connection:
            self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def place(self, system: System, orders: Sequence[Order], refused: frozenset[str]) -> dict[str, str]:
        """Carry out orders that are new and return the state of each: done, refused or cancelled."""
        now = _now()
        rows = [
            (system, each.order_id, each.customer_id, each.offering_id, json.dumps(each.products),
             "refused" if each.order_id in refused else "done", "", each.order_id not in refused, now, now)
            for each in orders
        ]  # fmt: skip
        return self._change(system, orders, rows)

    def cancel(self, system: System, orders: Sequence[Order]) -> dict[str, str]:
        """Take orders back, also those that were never heard of: they stay taken back; return the state of each."""
        now = _now()
        rows = [
            (system, each.order_id, each.customer_id, each.offering_id, json.dumps(each.products),
             "cancelled", "", False, now, now)
            for each in orders
        ]  # fmt: skip
        return self._change(system, orders, rows, cancelled_at=now)

    def _change(
        self, system: System, orders: Sequence[Order], rows: Sequence[tuple[object, ...]], cancelled_at: str = ""
    ) -> dict[str, str]:
        names = json.dumps([each.order_id for each in orders])
        with self._lock, self._connection:
            self._connection.executemany(_PLACE, rows)
            if cancelled_at:
                self._connection.execute(_CANCEL, (cancelled_at, system, names))
            self._connection.execute(_COUNT, (system, names))
            return {row["order_id"]: row["state"] for row in self._connection.execute(_STATES, (system, names))}

    def accept(self, messages: Sequence[Message], behaviour: Behaviour, now: float) -> dict[str, str]:
        """Send messages that are new, each once, with a receipt to come; return accepted or rejected for each."""
        at, rows = _now(), []
        for each in messages:
            is_refused = behaviour.refuses("sms", each.id)
            outcome, times = behaviour.receipt_of(each.id)
            state, times = ("rejected", 0) if is_refused else ("accepted", times)
            rows.append((each.id, each.to, each.text, state, at, outcome, times, now + behaviour.receipt_after))
        names = json.dumps([each.id for each in messages])
        with self._lock, self._connection:
            self._connection.executemany(_ACCEPT, rows)
            self._connection.execute(_COUNT_MESSAGES, (names,))
            return {row["id"]: row["state"] for row in self._connection.execute(_MESSAGE_STATES, (names,))}

    def receipts_due(self, now: float, limit: int = 500) -> list[tuple[str, str]]:
        """Return (message id, outcome) of the receipts that are due, oldest first."""
        with self._lock:
            return [(row["id"], row["receipt"]) for row in self._connection.execute(_DUE, (now, limit))]

    def receipts_told(self, told: Iterable[tuple[str, int, float, str]]) -> None:
        """Note of receipts (id, how many are settled, when the next try is due, what was said)."""
        with self._lock, self._connection:
            self._connection.executemany(_TOLD, [(count, due, note, name) for name, count, due, note in told])

    def note(self, system: str, path: str, key: str, items: int, behaviour: str, status: int) -> None:
        """Note a call and what was answered; status 0 is a connection that was cut."""
        values = (_now(), system, path, key, items, behaviour, status)
        with self._lock, self._connection:
            place = "INSERT INTO calls (at, system, path, key, items, behaviour, status) VALUES (?, ?, ?, ?, ?, ?, ?)"
            number = self._connection.execute(place, values).lastrowid or 0
            self._connection.execute("DELETE FROM calls WHERE number <= ?", (number - MOST_CALLS,))

    def behaviour(self, system: System) -> Behaviour:
        """Return how a system behaves."""
        with self._lock:
            row = self._connection.execute("SELECT body FROM behaviours WHERE system = ?", (system,)).fetchone()
        return msgspec.json.decode(row["body"], type=Behaviour) if row else Behaviour()

    def behave(self, system: System, behaviour: Behaviour) -> None:
        """Let a system behave so from now on."""
        with self._lock, self._connection:
            body = msgspec.json.encode(behaviour).decode()
            self._connection.execute("INSERT OR REPLACE INTO behaviours VALUES (?, ?)", (system, body))

    def rows(self, kind: str, *, only: str = "", limit: int = 100) -> list[Row]:
        """Return the newest orders, messages or calls; `only` names one order, message or Idempotency-Key."""
        with self._lock:
            found = self._connection.execute(_LISTS[kind], {"only": only, "limit": limit})
            return [dict(row) for row in found]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many orders stand in which state per system, and messages."""
        query = (
            "SELECT system, state, count(*) AS count FROM orders GROUP BY system, state"
            " UNION ALL SELECT 'sms', state, count(*) FROM messages GROUP BY state"
        )
        counts: dict[str, dict[str, int]] = {system: {} for system in SYSTEMS}
        with self._lock:
            for row in self._connection.execute(query):
                counts[row["system"]][row["state"]] = row["count"]
        return counts

    def forget(self) -> None:
        """Forget orders, messages, calls and behaviours."""
        with self._lock, self._connection:
            for table in ("orders", "messages", "calls", "behaviours"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own tables


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
