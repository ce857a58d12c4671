"""docs/rules-tutorial.md is typed as it stands: every edit applied, every command run, every answer compared."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.deployment import ROOT, Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]

TUTORIAL = ROOT / "docs" / "rules-tutorial.md"
BLOCK = re.compile(r"^```(diff|console live|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reader"), ("EMAIL", "reader@example.org"))
}
PATIENCE = 60.0  # seconds until a running service must have followed


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the rules into a repository of their own, with the command where `make setup` puts it."""
    folder = tmp_path / "banyan"
    shutil.copytree(ROOT / "rules", folder / "rules")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for arguments in (["init", "-q"], ["add", "rules"], ["commit", "-q", "-m", "rules as they are"]):
        subprocess.run(["git", *arguments], cwd=folder, env=os.environ | AUTHOR, check=True)
    return folder


def answers(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with the answer printed below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def pattern_of(answer: str) -> re.Pattern[str]:
    """Turn an answer into a pattern: `…` on a line of its own stands for any lines, elsewhere for any letters."""
    lines = [
        "(?:.*\n)*?" if line == "…" else f"{re.escape(line).replace('…', '.*')}[ ]*\n" for line in answer.splitlines()
    ]
    return re.compile("".join(lines))


def run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def follow(block: str, folder: Path, environment: Mapping[str, str], *, patience: float) -> None:
    for command, answer in answers(block):
        deadline = time.monotonic() + patience
        wanted = pattern_of(answer)
        said = run(command, folder, environment)
        while not wanted.fullmatch(said) and time.monotonic() < deadline and "status" in command:
            time.sleep(0.5)
            said = run(command, folder, environment)
        assert wanted.fullmatch(said), f"$ {command}\n{said}"


def test_a_new_user_who_follows_the_tutorial_sees_what_it_says(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path, checkout: Path
) -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("BANYAN_")}
    services = tmp_path / "services"
    services.mkdir()
    deployment = Deployment(
        postgres,
        broker,
        services,
        now=datetime(2026, 3, 2, 1, tzinfo=UTC),
        processes=[("customer_view", "catalogue", "channels"), ("governance", "campaigns")],
        settings={"BANYAN_RULES_DIR": str(checkout / "rules")},
    )
    blocks = BLOCK.findall(TUTORIAL.read_text("utf-8"))
    assert {kind for kind, _ in blocks} == {"diff", "console", "console live"}
    first_live = [kind for kind, _ in blocks].index("console live")

    for kind, block in blocks[:first_live]:
        step(kind, block, checkout, plain)
    with deployment:
        live = deployment.environment | {"BANYAN_RULES_DIR": "rules"}
        for kind, block in blocks[first_live:]:
            step(kind, block, checkout, live, patience=PATIENCE)


def step(kind: str, block: str, folder: Path, environment: Mapping[str, str], *, patience: float = 0.0) -> None:
    if kind == "diff":
        subprocess.run(["git", "apply", "--recount"], input=block, text=True, cwd=folder, check=True)
    else:
        follow(block, folder, environment, patience=patience)
