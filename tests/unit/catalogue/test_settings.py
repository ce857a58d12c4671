"""Settings: every fault at once."""

from pathlib import Path

import pytest

from services.catalogue.settings import Settings
from shared.kernel.environment import FaultySettings


def test_the_placeholder_names_this_service(tmp_path: Path) -> None:
    env = {"BANYAN_DATABASE_URL": "postgresql://db/banyan_{service}", "BANYAN_RULES_DIR": str(tmp_path)}
    settings = Settings.read(env)
    assert settings.database_url == "postgresql://db/banyan_catalogue"
    assert settings.rules == tmp_path


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    env = {
        "BANYAN_DATABASE_URL": "mysql://db",
        "BANYAN_RULES_DIR": str(tmp_path / "none"),
        "BANYAN_CLOCK": "accelerated;now",
    }
    with pytest.raises(FaultySettings) as caught:
        Settings.read(env)
    for name in env:
        assert name in caught.value.message
