"""One process on real servers, looked at as an operator does: status, figures, logs, traces."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pika
import pytest

from services.workbench.cli import bus_queues
from services.workbench.registry import SERVICES
from shared.kernel.environment import FaultySettings
from shared.kernel.faults import NotAllowed
from shared.messaging.settings import BusSettings
from tests.integration.observability.collector import Collector, collecting
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
BANYAN = [sys.executable, "-m", "services.workbench.cli.main"]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
DEAD = "dead.evt-campaigns-contacts_sent--governance_bulk.on_offers_made"


@dataclass
class Town:
    """A serving process: what commands need to reach it, what it has written, and who collects its traces."""

    environment: dict[str, str]
    log: Path
    collector: Collector

    def banyan(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BANYAN, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def town(
    postgres: Postgres, broker: RabbitMQ, amqp_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Serve governance with everything told that can be told."""
    folder, mark = tmp_path_factory.mktemp("town"), f"seen_{os.getpid()}"
    databases = [postgres.create_database(f"{mark}_{service}") for service in SERVICES]
    with collecting() as collector:
        environment = os.environ | {
            "BANYAN_AMQP_URL": amqp_url,
            "BANYAN_DATABASE_URL": postgres.url_of(f"{mark}_{{service}}"),
            "BANYAN_RULES_DIR": str(ROOT / "rules"),
            "BANYAN_VAR": str(folder),
            "BANYAN_METRICS_PORT": "0",
            "BANYAN_RABBITMQ_API": broker.api,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "PYTHONWARNINGS": "ignore",
        }
        made = Town(environment, folder / "log", collector)
        assert made.banyan("migrate", "governance").returncode == 0
        with (
            made.log.open("w") as log,
            subprocess.Popen(
                [*BANYAN, "serve", "governance"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            assert process.stdout.readline().startswith("banyan ready:"), made.log.read_text()
            yield made
            process.terminate()
            assert process.wait(60) == 0
    for url in databases:
        postgres.drop_database(url)


def ask(town: Town, headers: dict[str, str]) -> None:
    """Send one request with headers of ours, as a client of another make does, and wait for the answer."""
    connection = pika.BlockingConnection(pika.URLParameters(town.environment["BANYAN_AMQP_URL"]))
    channel = connection.channel()
    queue = f"reply.{connection._impl.params.credentials.username}.{'0' * 8}-1"
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, "nameko-rpc", queue)
    properties = pika.BasicProperties(
        content_type="application/json", content_encoding="utf-8", reply_to=queue, correlation_id="1", headers=headers
    )
    body = json.dumps({"args": [], "kwargs": {"contact_id": "138 0013 8000"}})
    channel.basic_publish("nameko-rpc", "governance.explain", body, properties)
    for method, _, _ in channel.consume(queue, inactivity_timeout=30):
        assert method is not None
        break
    connection.close()


def until(condition: Any) -> Any:
    """Wait for something that comes in its own time; return it."""
    for _ in range(300):
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail("it did not come")


def test_a_request_is_in_the_traces_and_in_the_figures(town: Town) -> None:
    ask(town, {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "banyan.correlation_id": "visit-7"})
    [span] = until(lambda: town.collector.trace(TRACE))
    assert (span.service, span.name, span.kind, span.parent_id) == (
        "governance",
        "governance.explain",
        "server",
        "00f067aa0ba902b7",
    )
    assert (span.is_error, span.attributes["error.type"]) == (True, "not_found")
    address = next(line["url"] for line in town.lines() if line["event"] == "metrics_served")
    with urlopen(address, timeout=10) as answer:  # noqa: S310 - http, told by the process itself
        page = answer.read().decode()
    assert 'banyan_rpc_requests_total{code="not_found",method="explain",service="governance"} 1.0' in page
    assert 'banyan_workers_limit{service="governance_bulk"} 4.0' in page


def test_every_line_says_whose_it_is(town: Town) -> None:
    lines = until(town.lines)
    assert {(line["service"], "replica" in line) for line in lines} <= {
        ("governance", True),
        ("governance relay", True),
    }
    assert re.fullmatch(r".+-\d+", lines[0]["replica"])


def test_status_says_what_is_ill_and_what_to_do_by_either_way_of_asking(town: Town, amqp_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    connection.channel().basic_publish("banyan.dead", DEAD, b"{}")
    connection.close()
    until(lambda: all(one["database"] for one in json.loads(town.banyan("status", "governance", "--json").stdout)))
    by_management = status(town)
    api = town.environment.pop("BANYAN_RABBITMQ_API")
    over_amqp = status(town)
    town.environment["BANYAN_RABBITMQ_API"] = api
    for seen in (by_management, over_amqp):
        well = {one["container"]: one for one in seen["containers"] if one["is_well"]}
        assert set(well) == {"governance", "governance_bulk"}
        assert well["governance"]["database"] is True
        assert well["governance"]["outbox_rows"] == 0
        assert [one["container"] for one in seen["processes"]] == ["governance", "governance_bulk"]
        assert all(one["database"] for one in seen["processes"])
        found = {(one["code"], one["about"]) for one in seen["findings"]}
        assert ("dead_letters", DEAD.removeprefix("dead.")) in found
        assert ("not_running", "campaigns_bulk") in found
        assert not [code for code, about in found if about.startswith("governance")]
    assert {one["name"]: one["messages"] for one in over_amqp["queues"]}[DEAD] == 1


def status(town: Town) -> Any:
    done = town.banyan("status", "--json", "--timeout", "10")
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def test_the_management_is_asked_for_this_virtual_host_alone(broker: RabbitMQ, amqp_url: str) -> None:
    other = broker.create_vhost()
    try:
        assert bus_queues.depths(BusSettings(amqp_url=other), broker.api) == []
    finally:
        broker.delete_vhost(other)
    parts = urlsplit(broker.api)
    wrong = f"http://{quote(parts.username or '')}:wrong@{parts.hostname}:{parts.port}"
    with pytest.raises(NotAllowed, match="does not let this user in"):
        bus_queues.depths(BusSettings(amqp_url=amqp_url), wrong)
    with pytest.raises(FaultySettings, match="must be http"):
        bus_queues.depths(BusSettings(amqp_url=amqp_url), "file:///etc/passwd")
