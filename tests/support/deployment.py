"""Banyan as it is deployed: every service an operating-system process of its own, on real servers."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import urlsplit

import sqlalchemy as sa

from services.workbench import registry
from shared.messaging.serving import READY
from shared.persistence.database import Database
from tests.support.calm import QUORUM_SECONDS, Calm
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

ROOT = Path(__file__).parents[2]
_START_SECONDS = 150  # a machine may be busy with other things
_STOP_SECONDS = 20
_SETTLE_SECONDS = 120
_GLANCE_SECONDS = 0.1
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"


class Deployment:
    """Starts, kills and restarts services; moves their common clock; waits until they have nothing left to do."""

    def __init__(
        self,
        postgres: Postgres,
        broker: RabbitMQ,
        folder: Path,
        *,
        now: datetime,
        processes: Sequence[Sequence[str]] = tuple((name,) for name in registry.SERVICES),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare it; `processes` names the services (or single containers) each process runs."""
        self._postgres, self._broker, self._folder = postgres, broker, folder
        self._clock = folder / "now"
        self.processes = {"+".join(names): list(names) for names in processes}
        self.amqp_url = broker.create_vhost()
        mark = secrets.token_hex(4)
        self._databases = {name: postgres.create_database(f"e2e_{mark}_{name}") for name in registry.SERVICES}
        self.move_clock(now)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("BANYAN_")},
            "BANYAN_AMQP_URL": self.amqp_url,
            "BANYAN_DATABASE_URL": postgres.url_of(f"e2e_{mark}_{{service}}"),
            "BANYAN_RULES_DIR": str(ROOT / "rules"),
            "BANYAN_VAR": str(folder / "var"),
            "BANYAN_CLOCK": f"file;{self._clock}",
            "BANYAN_TIMERS": "off",
            "BANYAN_SEED": "7",
            "BANYAN_LOG": "json",
            "PYTHONWARNINGS": "ignore",
            **(settings or {}),
        }
        self.trees: dict[str, Path] = {}
        """Where the code of a process lies that runs another release than this one."""
        self._starts = 0
        self.kills: list[str] = []
        """Which processes were killed, in order."""
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._logs: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        try:
            self._banyan("migrate")
            for name in self.processes:
                self._spawn(name)
            for name in self.processes:
                self._await_ready(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def move_clock(self, moment: datetime) -> None:
        """Set the time all services see."""
        partial = self._clock.with_suffix(".partial")
        partial.write_text(moment.isoformat(), "ascii")
        partial.replace(self._clock)

    def kill(self, name: str) -> None:
        """End a process with SIGKILL, in the middle of whatever it does."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        self.kills.append(name)
        process.wait(_STOP_SECONDS)

    def restart(self, name: str) -> None:
        """Start a process that was killed, and wait until it serves."""
        self._spawn(name)
        self._await_ready(name)

    def start(self, name: str) -> None:
        """Start a process that was killed, and do not wait for it."""
        self._spawn(name)

    def reap(self, name: str) -> int:
        """Forget a process that has ended by itself; returns its exit code."""
        return self._running.pop(name).wait(_STOP_SECONDS)

    def ended(self) -> list[str]:
        """Name the processes that should run and do not."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def settle(self, seconds: float = _SETTLE_SECONDS, *, besides: tuple[str, ...] = ()) -> None:
        """Wait until every queue is empty, no message is unacknowledged and every outbox is published.

        `besides` names what queues begin with that somebody else looks after. Queues of containers that no process of
        this deployment runs are nobody's, and may fill.
        """

        def rest() -> list[str]:
            counts = self.backlog().items()
            return [f"{n} in {name}" for name, n in counts if not (name.startswith(besides) or self._is_nobodys(name))]

        is_quorum = self.environment.get("BANYAN_QUEUE_TYPE") == "quorum"
        calm = Calm(rest, QUORUM_SECONDS if is_quorum else 0.0)
        self._wait(calm, seconds, lambda: f"still in flight: {', '.join(rest())}")

    def _is_nobodys(self, queue: str) -> bool:
        consumer = (
            queue.removeprefix("rpc-") if queue.startswith("rpc-") else queue.partition("--")[2].partition(".")[0]
        )
        run = {name for names in self.processes.values() for name in registry.containers_of(names)}
        return not queue.startswith("dead.") and consumer in registry.CONTAINERS and consumer not in run

    def backlog(self) -> dict[str, int]:
        """Return what is in flight: messages per queue (dead letters too), unpublished events per service."""
        vhost = urlsplit(self.amqp_url).path.lstrip("/")
        # Our brokers keep no statistics; totals are what they count all the same, when asked like this.
        queues = self._broker.ask("GET", f"/api/queues/{vhost}?disable_stats=true&enable_queue_totals=true")
        work = [queue for queue in queues if queue["arguments"].get("x-queue-type") != "stream"]  # type: ignore[attr-defined]  # JSON of the management's; a stream keeps what it is told
        counts = {queue["name"]: int(queue["messages"]) for queue in work}
        for service in registry.SERVICES:
            counts[f"outbox of {service}"] = int(self.query(service, "SELECT count(*) FROM outbox")[0][0])
        return {name: count for name, count in counts.items() if count}

    def database_url(self, service: str) -> str:
        """Return the URL of a service's database."""
        return self._databases[service]

    def pid(self, name: str) -> int:
        """Return the process id of a running process."""
        return self._running[name].pid

    def query(self, service: str, statement: str) -> list[tuple[object, ...]]:
        """Read a service's database."""
        database = Database(self._databases[service], pool_size=1)
        try:
            with database.read() as connection:
                return [tuple(row) for row in connection.execute(sa.text(statement))]
        finally:
            database.close()

    def contents(self, service: str) -> dict[str, object]:
        """Return a fingerprint of every table's rows: two that are equal mean that nothing was written between."""
        tables = [str(row[0]) for row in self.query(service, _TABLES)]
        each = [f"SELECT '{name}', md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {name} t" for name in tables]  # noqa: S608 - names from the catalogue of the database itself
        return {str(name): mark for name, mark in self.query(service, " UNION ALL ".join(each))}

    def log(self, name: str) -> str:
        """Return what a process has written since it was last started."""
        return Path(self._logs[name].name).read_text("utf-8", errors="replace")

    def close(self) -> None:
        """Stop everything and drop databases and virtual host."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_STOP_SECONDS)
        self._running.clear()
        for log in self._logs.values():
            log.close()
        for url in self._databases.values():
            self._postgres.drop_database(url)
        with suppress(OSError):
            self._broker.delete_vhost(self.amqp_url)

    def _banyan(self, *arguments: str) -> None:
        subprocess.run([*_BANYAN, *arguments], env=self.environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def _spawn(self, name: str) -> None:
        self._starts += 1
        if name in self._logs:
            self._logs[name].close()
        self._logs[name] = (self._folder / f"{self._starts:02d}-{name}.log").open("w", encoding="utf-8")
        self._running[name] = subprocess.Popen(
            [*_BANYAN, "serve", *self.processes[name]],
            env=self.environment,
            cwd=self.trees.get(name, ROOT),
            stdout=self._logs[name],
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _await_ready(self, name: str) -> None:
        process = self._running[name]

        def is_ready() -> bool:
            if process.poll() is not None:
                msg = f"{name} ended with {process.returncode}:\n{self.log(name)[-4_000:]}"
                raise RuntimeError(msg)
            return READY in self.log(name)

        self._wait(is_ready, _START_SECONDS, lambda: f"{name} did not become ready:\n{self.log(name)[-4_000:]}")

    @staticmethod
    def _wait(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str]) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(complaint())
            time.sleep(_GLANCE_SECONDS)


_BANYAN = (sys.executable, "-m", "services.workbench.cli.main")
