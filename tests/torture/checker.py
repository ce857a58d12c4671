"""The independent recount: nothing here, nor in what it imports, is code of the service; only what it left behind."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.torture import comparing, evidence
from tests.torture.account import Problem, write_account
from tests.torture.recount import Breach, recount, recount_operator
from tests.torture.windows import FOREVER, Life, Rule, read_rules

_Row = tuple[Any, ...]
_OPEN = tuple(Life._field_defaults.values())


@dataclass(slots=True)
class Findings:
    """What the recount found."""

    requests: int = 0
    permits: int = 0
    excesses: list[Breach] = field(default_factory=list)
    breaking: list[Problem] = field(default_factory=list)
    losing: list[Problem] = field(default_factory=list)
    doubling: list[Problem] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    """Who was told what about contacts in windows that hold too much."""

    @property
    def breaches(self) -> int:
        """Contacts that exceeded a limit, once for each policy, whether ledger or logs show it, and false flags."""
        return len({(one.rule_id, one.added.contact_id) for one in self.excesses}) + len(self.breaking)

    @property
    def lost(self) -> int:
        """Things told that are not so."""
        return len(self.losing)

    @property
    def duplicated(self) -> int:
        """Things that happened twice."""
        return len(self.doubling)

    def note(self, name: str, value: object) -> None:
        """Keep something worth reading; empty things are not."""
        if value:
            self.notes[name] = value

    def write(self, folder: Path) -> None:
        """Write a readable account of everything wrong, if anything is."""
        write_account(folder, self.excesses, [*self.breaking, *self.losing, *self.doubling], self.told)


def check(
    database_url: str, rules: Path, logs: Sequence[Path], events: Iterable[tuple[str, str]], ahead: float
) -> Findings:
    """Recount a finished run; `ahead` is the most seconds that a service's clock was ahead of the clients'."""
    found = Findings()
    subscribers, operator = read_rules(rules)
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute("SET timezone = 'UTC'")
        found.requests = evidence.load(database, logs, events)
        for source, lives in (("ledger", _of_ledger), ("logs", _of_logs)):
            found.excesses += recount(source, lives(database, ahead), subscribers)
            found.excesses += recount_operator(source, lives(database, ahead), operator)
        found.breaking = [*_problems(database, comparing.BREACHES), *_counters(database, operator, ahead)]
        found.losing = _problems(database, comparing.LOST)
        found.doubling = _problems(database, comparing.DUPLICATED)
        found.permits = int(_one(database, "SELECT count(*) FROM contact WHERE decision_id > 0"))
        for name, query in comparing.FIGURES.items():
            found.note(name, dict(database.execute(query.encode()).fetchall()))
        found.told = _told(database, found.excesses)
    return found


def _of_ledger(database: psycopg.Connection[Any], _: float) -> Iterator[Life]:
    """Return the ledger's contacts; batches of verdicts are even numbers in the order of events, the rest odd."""
    for row in _stream(database, comparing.LEDGER):
        state, expires, made_at, is_overrun, batch, decided_at, released, confirmed = row[8:]
        life = Life._make((*row[:8], 2 * batch if batch else FOREVER, decided_at or 0, *_OPEN))
        life = life._replace(expires=expires)
        if released is not None:
            life = life._replace(ends=2 * released + 1)
        if state == "confirmed":
            when = 2 * confirmed + 1
            life = life._replace(made_at=made_at, made_order=when)
            # What is not flagged must have had its place all the time.
            life = life._replace(flagged_order=when) if is_overrun else life._replace(expires=FOREVER)
        yield life


def _of_logs(database: psycopg.Connection[Any], ahead: float) -> Iterator[Life]:
    """Return contacts for the time in which, by what clients know, they had a place for certain."""
    for row in _stream(database, comparing.LOGS):
        told_at, expires, released, is_made = row[8:]
        life = Life._make((*row[:8], told_at, told_at, *_OPEN))
        if not is_made:
            lapses = expires - round(ahead * 1_000_000)
            life = life._replace(expires=lapses, ends=FOREVER if released is None else released)
        yield life


def _counters(database: psycopg.Connection[Any], rules: Sequence[Rule], ahead: float) -> list[Problem]:
    """Compare the operator's counters with the ledger, by the calendar unit they stand for."""
    query = "SELECT greatest(max(decided_at), (extract(epoch FROM now()) + %s) * 1000000)::bigint FROM decision"
    row = database.execute(query, (ahead,)).fetchone()
    now = int(row[0]) if row and row[0] else 0
    by_rule = {rule.rule_id: rule for rule in rules}
    live: dict[tuple[str, str], int] = defaultdict(int)
    for life in _of_ledger(database, ahead):
        if life.flagged_order != FOREVER or (life.ends == FOREVER and life.expires > now):
            for rule in rules:
                if rule.covers(life):
                    live[rule.rule_id, rule.unit_of(life.at, rule.zone)] += 1
    wrong = []
    for rule_id, start, used, recount_at in database.execute(comparing.COUNTERS.encode()):
        unit = by_rule[rule_id].unit_of(start, "") if rule_id in by_rule else str(start)
        counted = live.pop((rule_id, unit), 0)
        # After a reservation lapsed the counter may be too high until it is needed; too low it must never be.
        if recount_at and (used < counted or (used > counted and recount_at > now)):
            wrong.append(Problem("a counter that differs from the ledger", rule_id, f"{unit}: {used}, not {counted}"))
    missing = [(rule_id, f"{unit}: none, not {count}") for (rule_id, unit), count in live.items() if count]
    return [*wrong, *(Problem("a counter that is not there", *one) for one in missing)]


def _problems(database: psycopg.Connection[Any], queries: dict[str, str]) -> list[Problem]:
    return [
        Problem(name, str(about), str(what))
        for name, query in queries.items()
        for about, what in database.execute(query.encode())
    ]


def _told(database: psycopg.Connection[Any], excesses: Sequence[Breach]) -> dict[str, list[str]]:
    wanted = sorted({life.contact_id for one in excesses[:200] for life in one.window})
    told: dict[str, list[str]] = defaultdict(list)
    query = (
        "SELECT contact_id, client, call, verdict, told_at FROM told.verdict WHERE contact_id = ANY (%s) UNION ALL "
        "SELECT contact_id, client, call, state, told_at FROM told.state WHERE contact_id = ANY (%s) ORDER BY 5"
    )
    for contact_id, client, call, what, at in database.execute(query, (wanted, wanted)):
        told[contact_id].append(f"client {client} was told {what} in {call} at {at}")
    return told


def _stream(database: psycopg.Connection[Any], query: str) -> Iterator[_Row]:
    with database.transaction(), database.cursor("recount") as cursor:
        cursor.itersize = 20_000
        cursor.execute(query.encode())
        yield from cursor


def _one(database: psycopg.Connection[Any], query: str) -> int:
    row = database.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
