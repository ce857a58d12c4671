"""A small campaign is backed up, goes on, is lost, and is restored to new databases and an empty virtual host."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
import pytest
import sqlalchemy as sa

from services.workbench.backup.manifest import (
    ORDER,
    Dump,
    FaultyBackup,
    Manifest,
    read_manifest,
    sum_of,
    write_manifest,
)
from services.workbench.registry import SERVICES
from shared.client import BanyanClient
from shared.persistence.database import Database
from tests.support.deployment import ROOT, Deployment
from tests.support.postgres import Postgres, find_programs
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, plans

MONDAY, TUESDAY = datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 3, 3, 1, tzinfo=UTC)
SUBSCRIBERS = 300


class Town(Deployment):
    """One process that serves all; restored from a backup before it starts, if there is one."""

    def __init__(self, postgres: Postgres, broker: RabbitMQ, folder: Path, backup: Path | None = None) -> None:
        folder.mkdir()
        super().__init__(postgres, broker, folder, now=MONDAY, processes=[SERVICES])
        self.environment["PATH"] = f"{find_programs()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self._backup = backup
        self.restored: dict[str, dict[str, object]] = {}

    def __enter__(self) -> Self:
        if self._backup is not None:
            done = self.run("backup", "restore", str(self._backup))
            assert done.returncode == 0, done.stderr
            self.restored = {service: self.contents(service) for service in SERVICES}
        return super().__enter__()

    def forget(self, contact_id: str) -> None:
        """Take a contact out of the ledger."""
        database = Database(self.database_url("governance"), pool_size=1)
        with database.write() as connection:
            connection.execute(sa.text("DELETE FROM contact WHERE contact_id = :id"), {"id": contact_id})
        database.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.workbench.cli.main", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )


class Story:
    """What was there when the backup was taken, and what came of it without a loss."""

    def __init__(self, backup: Path, before: dict[str, dict[str, object]], tuesday: set[tuple[str, str]]) -> None:
        self.backup, self.before, self.tuesday = backup, before, tuesday


def contacts(operator: Operator) -> set[tuple[str, str]]:
    return {(one["contact_id"], one["channel"]) for one in operator.contacts()}


@pytest.fixture(scope="module")
def story(postgres: Postgres, broker: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Live through Monday, back up while everything runs, live through Tuesday, and lose it all."""
    folder = tmp_path_factory.mktemp("backup")
    backup = folder / "monday"
    with Town(postgres, broker, folder / "lost") as town, BanyanClient(town.amqp_url) as client:
        operator = Operator(town, client)
        operator.load(SUBSCRIBERS)
        operator.launch(plans(["crbt-win-back"]))
        operator.live_through([MONDAY])
        done = town.run("backup", "create", str(backup))
        assert done.returncode == 0, done.stderr
        refused = town.run("backup", "restore", str(backup))
        assert (refused.returncode, "database_not_empty" in refused.stderr) == (1, True)
        before = {service: town.contents(service) for service in SERVICES}
        operator.live_through([TUESDAY])
        told = contacts(operator)
        assert told
        return Story(backup, before, told)


@pytest.fixture(scope="module")
def restored(
    story: Story, postgres: Postgres, broker: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    with Town(postgres, broker, tmp_path_factory.mktemp("restored") / "town", story.backup) as town:
        yield town


@pytest.mark.servers
@pytest.mark.slow
def test_every_table_is_as_it_was_and_life_goes_on_as_it_would_have(story: Story, restored: Town) -> None:
    assert restored.restored == story.before
    told = restored.run("backup", "check")
    assert (told.returncode, told.stdout) == (0, "the ledger knows every contact that channels and campaigns know\n")
    with BanyanClient(restored.amqp_url) as client:
        operator = Operator(restored, client)
        operator.load(SUBSCRIBERS)  # the feeds again
        operator.live_through([TUESDAY])
        assert contacts(operator) == story.tuesday
    assert restored.ended() == []


@pytest.mark.servers
@pytest.mark.slow
def test_contacts_that_an_older_ledger_lacks_are_found_and_held(restored: Town, tmp_path: Path) -> None:
    """Take the ledger for older than the rest: a row that channels knows is not in it."""
    contact_id, customer_id = restored.query(
        "channels", "SELECT contact_id, customer_id FROM dispatch_order ORDER BY 1 LIMIT 1"
    )[0]
    restored.forget(str(contact_id))
    holds = tmp_path / "holds.csv"
    found = restored.run("backup", "check", "--holds", str(holds))
    assert found.returncode == 1
    assert str(contact_id) in found.stdout
    held = restored.run("governance", "list", "import", "black", str(holds))
    assert held.returncode == 0, held.stderr
    with BanyanClient(restored.amqp_url) as client:
        request = {
            "contact_id": "after-the-restore",
            "customer_id": customer_id,
            "campaign_id": "other",
            "offering_id": "other",
            "category": "other",
            "channel": "sms",
            "direction": "outbound",
            "purpose": "marketing",
            "planned_at": "2026-03-04T15:00:00+08:00",
        }
        [verdict] = client.call("governance", "reserve", requests=[request], timeout=20)
    assert verdict["verdict"] == "suppress"


def backup_of(folder: Path) -> Path:
    """Make a folder that looks like a backup."""
    dumps = []
    for service in ORDER:
        path = folder / f"{service}.dump"
        path.write_bytes(service.encode())
        size = path.stat().st_size
        dumps.append(
            Dump(service=service, file=path.name, taken_at=MONDAY, revision="1", bytes=size, sha256=sum_of(path))
        )
    write_manifest(folder, Manifest(dumps=dumps))
    return folder


def test_a_damaged_or_incomplete_backup_is_not_restored(tmp_path: Path) -> None:
    folder = backup_of(tmp_path)
    assert [dump.service for dump in read_manifest(folder).dumps] == list(ORDER)
    (folder / "channels.dump").write_bytes(b"rot")
    (folder / "campaigns.dump").unlink()
    with pytest.raises(FaultyBackup) as refused:
        read_manifest(folder)
    assert refused.value.details["faults"] == [
        "channels.dump is damaged or missing",
        "campaigns.dump is damaged or missing",
    ]
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["dumps"].pop()
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(FaultyBackup, match="governance is missing"):
        read_manifest(folder)


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(FaultyBackup, match="holds no backup"):
        read_manifest(tmp_path)
