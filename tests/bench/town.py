"""What the measurements run against: every service a process of its own, with subscribers, lists and live campaigns."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import yaml
from rich.progress import Progress

from services.workbench import province, registry
from shared.messaging.client import BanyanClient
from tests.support.deployment import ROOT, Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, pages

EVENING_BEFORE = datetime(2026, 3, 1, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou, the first day of the plans under rules/campaigns
RULES = ROOT / "rules"
SEED = 7
_SETTLE_SECONDS = 1_800


class Town:
    """A deployment, the pika client that drives it, and what an operator does with that."""

    def __init__(self, deployment: Deployment, client: BanyanClient, progress: Progress) -> None:
        self.deployment = deployment
        self.client = client
        self.operator = Operator(deployment, client)
        self._progress = progress

    def load(self, size: int) -> None:
        """Put the catalogue, `size` generated subscribers and their lists in, and wait until all services know."""
        rules = Path(self.deployment.environment["BANYAN_RULES_DIR"])
        offerings = [entry for path in sorted(rules.glob("catalogue/*.yaml")) for entry in read_yaml(path)]
        self.operator.ask("catalogue_bulk", "upsert_offerings", offerings=msgspec.to_builtins(offerings))
        task = self._progress.add_task("load subscribers", total=size)
        for page in pages(province.subscribers(SEED, size)):
            self.operator.ask("customer_view_bulk", "upsert_customers", customers=msgspec.to_builtins(page))
            self._progress.advance(task, len(page))
        by_list: dict[str, list[object]] = {}
        for name, entry in province.lists(SEED, size):
            by_list.setdefault(name, []).append(msgspec.to_builtins(entry))
        for listed, entries in by_list.items():
            for page in pages(entries):
                self.operator.ask("governance_bulk", "list_put", list=listed, entries=page)
        self._wait("let events arrive")
        self._analyze()

    def launch(self, plans: Iterable[dict[str, Any]]) -> None:
        """Take cases live, in the evening before; then it is the morning of the first day."""
        self.operator.launch(plans)
        self.deployment.move_clock(MORNING)

    def database_url(self, service: str) -> str:
        """Return where a service keeps its data."""
        return self.deployment.environment["BANYAN_DATABASE_URL"].replace("{service}", service)

    def count(self, service: str, what: str) -> int:
        """Return how many rows there are; `what` is a table, with a WHERE if need be."""
        return int(str(self.deployment.query(service, f"SELECT count(*) FROM {what}")[0][0]))  # noqa: S608 - ours

    def _wait(self, words: str) -> None:
        task = self._progress.add_task(words, total=None)
        self.deployment.settle(_SETTLE_SECONDS)
        self._progress.update(task, total=1, completed=1)

    def _analyze(self) -> None:
        """Give the planner what autovacuum would have given it by the next day."""
        for service in registry.SERVICES:
            with psycopg.connect(self.database_url(service), autocommit=True) as connection:
                connection.execute("ANALYZE")


@contextmanager
def town(
    postgres: Postgres, broker: RabbitMQ, progress: Progress, settings: Mapping[str, str] | None = None
) -> Iterator[Town]:
    """Start a deployment on the evening before the first day and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder:
        deployment = Deployment(postgres, broker, Path(folder), now=EVENING_BEFORE, settings=settings)
        _wait_for_commits(deployment)
        with deployment, BanyanClient(deployment.amqp_url) as client:
            yield Town(deployment, client, progress)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds."""
    return yaml.safe_load(path.read_text("utf-8"))


def rules_copy(folder: Path, change: Callable[[str, Any], Any]) -> Path:
    """Copy the rules into a folder; `change(kind, document)` returns each rule or plan as it shall be there."""
    for path in RULES.rglob("*.yaml"):
        place = folder / path.relative_to(RULES)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.name in {"rule.yaml", "plan.yaml"}:
            changed = change(path.relative_to(RULES).parts[0], read_yaml(path))
            place.write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), "utf-8")
        else:
            place.write_bytes(path.read_bytes())
    return folder


def _wait_for_commits(deployment: Deployment) -> None:
    """Have commits wait for their write-ahead log, as production does; private servers do without otherwise."""
    template = deployment.environment["BANYAN_DATABASE_URL"]
    for service in registry.SERVICES:
        url = template.replace("{service}", service)
        with psycopg.connect(url, autocommit=True) as connection:
            name = psycopg.sql.Identifier(connection.info.dbname)
            connection.execute(psycopg.sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(name))
