"""The previous release goes on working on the schema of this one: replicas of both serve side by side."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from services.workbench import registry
from shared.client import BanyanClient
from shared.messaging.roll_call_asking import call_roll
from shared.messaging.settings import BusSettings
from shared.persistence.database import Database
from shared.persistence.migrations import migrate, revision_of, standing
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, plans

pytestmark = [pytest.mark.servers, pytest.mark.slow]

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
BANYAN = [sys.executable, "-m", "services.workbench.cli.main"]


class Upgrade(Deployment):
    """A deployment whose processes are started one by one: `old` runs the previous release, `new` this one."""

    def __enter__(self) -> Self:
        return self

    def banyan(self, tree: Path, *arguments: str) -> str:
        done = subprocess.run(
            [*BANYAN, *arguments],
            cwd=tree,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def upgrade(
    postgres: Postgres, broker: RabbitMQ, previous: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgrade]:
    deployment = Upgrade(
        postgres,
        broker,
        tmp_path_factory.mktemp("upgrade"),
        now=MORNING,
        processes=[registry.SERVICES, registry.CONTAINERS],
        settings={"BANYAN_RULES_DIR": str(previous / "rules")},
    )
    with deployment:
        yield deployment


def test_old_and_new_replicas_share_a_campaign(upgrade: Upgrade, previous: Path) -> None:
    old, new = upgrade.processes
    upgrade.trees[old] = previous
    where = "import services; print(services.__file__)"
    said = subprocess.run([sys.executable, "-c", where], cwd=previous, capture_output=True, text=True, check=True)
    assert said.stdout.startswith(str(previous)), "the old code is what runs"

    upgrade.banyan(previous, "migrate")
    upgrade.restart(old)
    with BanyanClient(upgrade.amqp_url) as client:
        operator = Operator(upgrade, client)
        operator.load(300)

        upgrade.banyan(Path.cwd(), "migrate")  # while the old release serves
        assert_all_answer(client)
        operator.launch(plans(["crbt-win-back"]))

        upgrade.restart(new)
        roll = call_roll(BusSettings(amqp_url=upgrade.amqp_url), registry.CONTAINERS, patience=30)
        assert (roll.replicas, roll.silent) == (dict.fromkeys(registry.CONTAINERS, 2), {}), "both releases answer"
        assert_all_answer(client, times=6)
        operator.live_through([MORNING])
        verdicts = [reserve(client, number) for number in range(20)]
        assert set(verdicts) == {"permit"}

        upgrade.kill(new)  # back to the old release alone, and restarted on the new schema
        upgrade.kill(old)
        upgrade.restart(old)
        assert [reserve(client, number) for number in range(20)] == verdicts, "it knows what both have decided"
        operator.live_through([datetime(2026, 3, 3, 1, tzinfo=UTC)])
        assert len(operator.contacts()) > 0
    assert upgrade.ended() == []


def assert_all_answer(client: BanyanClient, times: int = 1) -> None:
    answers = client.call_many([(name, "ping", {}) for name in registry.CONTAINERS] * times, timeout=20)
    assert [one for one in answers if not isinstance(one, dict)] == []


def reserve(client: BanyanClient, number: int) -> str:
    request = {
        "contact_id": f"upgrade-{number}",
        "customer_id": f"reserved-{number}",
        "campaign_id": "upgrade",
        "offering_id": "none",
        "category": "none",
        "channel": "sms",
        "direction": "outbound",
        "purpose": "marketing",
        "planned_at": "2026-03-02T15:00:00+08:00",
    }
    return str(client.call("governance", "reserve", requests=[request], timeout=20)[0]["verdict"])


@pytest.mark.parametrize("service", registry.SERVICES)
def test_a_new_migration_is_compatible_or_says_that_it_is_not(service: str, postgres_database: Any) -> None:
    """Every migration made since this rule is one that the release before can run beside."""
    database = Database(postgres_database(), pool_size=2)
    folder = registry.migrations_of(service)
    migrate(database, folder)
    with database.read() as connection:
        needed = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        assert revision_of(connection) >= needed == NEEDED[service]
    assert standing(database, folder) == "same"
    database.close()


NEEDED = {"customer_view": "0002", "catalogue": "0001", "governance": "0003", "channels": "0001", "campaigns": "0003"}
"""What the release before knows; a migration that is not compatible shuts it out, and needs a note in CHANGELOG.md."""
