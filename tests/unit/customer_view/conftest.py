"""The service on a fresh SQLite file with a steered clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build
from services.customer_view.settings import Settings
from shared.kernel.clock import SteeredClock
from tests.unit.customer_view.rules_folder import write_rules


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock(datetime(2026, 3, 2, 1, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"BANYAN_VAR": str(tmp_path), "BANYAN_RULES_DIR": str(write_rules(tmp_path / "rules"))})


@pytest.fixture
def use_cases(settings: Settings, clock: SteeredClock) -> UseCases:
    return build(settings, clock)
