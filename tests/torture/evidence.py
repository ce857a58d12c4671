"""What the clients said and were told, out of their logs into tables beside the ledger's; psycopg alone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_TABLES = """
DROP SCHEMA IF EXISTS told CASCADE;
CREATE SCHEMA told;
CREATE UNLOGGED TABLE told.verdict (
    client int, call text, sent_at bigint, told_at bigint, contact_id text, customer_id text, channel text,
    category text, purpose text, direction text, planned_at bigint, zone text, verdict text, expires_at bigint,
    rule_id text);
CREATE UNLOGGED TABLE told.state (
    client int, call text, kind text, sent_at bigint, told_at bigint, contact_id text, state text, is_overrun boolean);
CREATE UNLOGGED TABLE told.opt_out (
    client int, call text, kind text, sent_at bigint, told_at bigint, customer_id text, contact_id text);
CREATE UNLOGGED TABLE told.fault (client int, call text, code text);
CREATE UNLOGGED TABLE told.event (event_id text, customer_id text);
"""
_INDEXES = """
CREATE INDEX ON told.verdict (contact_id);
CREATE INDEX ON told.state (contact_id);
ANALYZE told.verdict; ANALYZE told.state;
"""
_Row = tuple[object, ...]


def load(database: psycopg.Connection[Any], logs: Sequence[Path], events: Iterable[tuple[str, str]]) -> int:
    """Fill the tables; return how many contact requests were answered."""
    database.execute(_TABLES.encode())
    requests = 0
    for client, path in enumerate(logs):
        verdicts = _Copy(database, "verdict")
        others = {name: list[_Row]() for name in ("state", "opt_out", "fault")}
        with verdicts:
            for table, row in _rows(client, path):
                if table == "verdict":
                    verdicts.write(row)
                    requests += 1
                else:
                    others[table].append(row)
        for name, rows in others.items():
            with _Copy(database, name) as copy:
                for row in rows:
                    copy.write(row)
    with _Copy(database, "event") as copy:
        for event_id, body in events:
            event = json.loads(body)
            for customer in event["put"] if event["list_name"] == "opt_out" else ():
                copy.write((event_id, customer))
    database.execute(_INDEXES.encode())
    return requests


class _Copy:
    """Rows streamed into a table."""

    def __init__(self, database: psycopg.Connection[Any], table: str) -> None:
        self._context = database.cursor().copy(f"COPY told.{table} FROM STDIN".encode())

    def __enter__(self) -> Self:
        self.write = self._context.__enter__().write_row
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._context.__exit__(kind, fault, at)


def _rows(client: int, path: Path) -> Iterator[tuple[str, _Row]]:
    """Return what a log says, in its order; a call that was answered twice says so twice."""
    sent: dict[str, list[Any]] = {}
    open_calls: set[str] = set()
    with path.open("rb") as lines:
        for line in lines:
            entry = json.loads(line)
            word, at, call, *rest = entry
            moment = round(at * 1_000_000)
            if word == "sent":
                sent[call] = [moment, *rest]
                open_calls.add(call)
            elif word == "again":
                continue
            elif word == "fault":
                yield "fault", (client, call, rest[0])
            elif call not in sent:
                yield "fault", (client, call, "answers-unasked")
            else:
                open_calls.discard(call)
                yield from _told(client, call, moment, sent[call], rest[0])
    for call in open_calls:
        yield "fault", (client, call, "answers-missing")


def _told(client: int, call: str, told_at: int, sent: list[Any], answers: list[Any]) -> Iterator[tuple[str, _Row]]:
    sent_at, kind, _, payload = sent
    if kind == "reserve":
        if len(answers) != len(payload):
            yield "fault", (client, call, "answers-missing")
        for asked, answer in zip(payload, answers, strict=False):
            contact_id, customer, channel, _, _, category, purpose, direction, at, _, zone = asked
            if answer[0] != contact_id:
                yield "fault", (client, call, "answers-mixed-up")
            is_permit = answer[1] == "permit"
            expires, rule = (answer[2], None) if is_permit else (None, answer[2])
            what = (contact_id, customer, channel, category, purpose, direction, at, zone)
            yield "verdict", (client, call, sent_at, told_at, *what, answer[1], expires, rule)
    elif kind in {"confirm", "release"}:
        for contact_id, state, is_overrun in answers:
            yield "state", (client, call, kind, sent_at, told_at, contact_id, state, is_overrun)
    else:
        contact_id, customer = payload if kind == "outcome" else (None, payload[0])
        yield "opt_out", (client, call, kind, sent_at, told_at, customer, contact_id)
