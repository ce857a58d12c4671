"""`banyan migrate` and `banyan serve` as an operator uses them: real servers, a process, one signal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.workbench.registry import SERVICES
from tests.support.postgres import Postgres

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
BANYAN = [sys.executable, "-m", "services.workbench.cli.main"]
Banyan = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(
    postgres: Postgres, amqp_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Name a virtual host, and a database for each service."""
    mark = f"serve_{os.getpid()}"
    made = [postgres.create_database(f"{mark}_{service}") for service in SERVICES]
    yield os.environ | {
        "BANYAN_AMQP_URL": amqp_url,
        "BANYAN_DATABASE_URL": postgres.url_of(f"{mark}_{{service}}"),
        "BANYAN_RULES_DIR": str(ROOT / "rules"),
        "BANYAN_VAR": str(tmp_path_factory.mktemp("var")),
    }
    for url in made:
        postgres.drop_database(url)


@pytest.fixture
def banyan(environment: dict[str, str]) -> Banyan:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BANYAN, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run


def test_an_operator_migrates_serves_asks_and_stops(banyan: Banyan, environment: dict[str, str]) -> None:
    refused = banyan("serve", "governance")
    assert refused.returncode == 1
    assert "banyan migrate governance" in refused.stderr

    migrated = banyan("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout.splitlines() == [f"{service}: up to date" for service in SERVICES]

    with subprocess.Popen(
        [*BANYAN, "serve", "governance", "catalogue_bulk"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as services:
        assert services.stdout is not None
        assert services.stdout.readline() == "banyan ready: catalogue_bulk governance governance_bulk\n"
        assert banyan("status", "governance", "catalogue_bulk").returncode == 0
        others = json.loads(banyan("status", "catalogue", "--timeout", "0.5", "--json").stdout)
        assert [(answer["container"], answer["is_well"]) for answer in others] == [
            ("catalogue", False),
            ("catalogue_bulk", True),
        ]
        assert json.loads(banyan("governance", "history", "nobody", "--json").stdout) == []
        missing = banyan("governance", "explain", "no-such-contact")
        assert missing.returncode == 1
        assert missing.stderr.startswith("banyan: not_found")
        services.send_signal(signal.SIGTERM)
        assert services.wait(30) == 0
