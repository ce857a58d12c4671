"""What can be measured: each part is a module of this package, read when it is asked for.

A part's module has `FULL` and `QUICK`, its sizes, and `measure(*servers, progress, sizes)`, which returns figures and
the details behind them; `servers` are those named here, in this order. To add a part, write the module and name it.
"""

import importlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, Self

from rich.progress import Progress

from tests.bench.figures import Figure
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.servers import find_postgres, find_rabbitmq

Server = Literal["postgres", "rabbitmq"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its module and the servers it needs."""

    module: str
    servers: tuple[Server, ...] = ()


PARTS = {
    "recommend": Part("recommend", ("postgres", "rabbitmq")),
    "outbound": Part("outbound", ("postgres", "rabbitmq")),
    "memory": Part("memory"),
    "rules": Part("rules_speed"),
    "sql": Part("sql_speed", ("postgres",)),
    "plan": Part("plan_speed", ("postgres",)),
    "replay": Part("replay_speed"),
    "feeds": Part("feeds"),
    "bus": Part("bus", ("postgres", "rabbitmq")),
    "ledger": Part("ledger", ("postgres", "rabbitmq")),
}


class Servers:
    """The servers that the parts need, found or started at the first that needs them; stopped at the end."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._wanted = [server for part in parts for server in PARTS[part].servers]
        self._stack = ExitStack()
        self.postgres: Postgres | None = None
        self.rabbitmq: RabbitMQ | None = None

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            if "postgres" in self._wanted:
                self.postgres = find_postgres()
                opening.callback(self.postgres.stop)
            if "rabbitmq" in self._wanted:
                self.rabbitmq = find_rabbitmq()
                opening.callback(self.rabbitmq.stop)
            self._stack = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def measure(self, name: str, progress: Progress, *, quick: bool) -> tuple[list[Figure], dict[str, Any]]:
        """Measure one part."""
        part = PARTS[name]
        module = importlib.import_module(f"tests.bench.{part.module}")
        servers = [getattr(self, server) for server in part.servers]
        found: tuple[list[Figure], dict[str, Any]] = module.measure(
            *servers, progress, module.QUICK if quick else module.FULL
        )
        return found
