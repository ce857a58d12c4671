"""A bus that answers what a test told it to, in place of the client."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.workbench.cli import bus
from services.workbench.cli.commands import banyan
from tests.support.fake_bus import FakeBus


@pytest.fixture
def fake_bus(monkeypatch: pytest.MonkeyPatch) -> FakeBus:
    fake = FakeBus()

    @contextmanager
    def open_client() -> Iterator[FakeBus]:
        yield fake

    monkeypatch.setattr(bus, "open_client", open_client)
    return fake


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `banyan` with arguments in a folder of its own, with an environment that names nothing of Banyan's."""
    for name in (
        "BANYAN_AMQP_URL",
        "BANYAN_DATABASE_URL",
        "BANYAN_RULES_DIR",
        "BANYAN_RULE_SETS",
        "BANYAN_VAR",
        "BANYAN_CLOCK",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(banyan, list(arguments), env=environment, prog_name="banyan")

    return invoke
