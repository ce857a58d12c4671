"""Settings: every fault at once."""

from pathlib import Path

import pytest

from services.customer_view.settings import Settings
from shared.kernel.environment import FaultySettings
from tests.unit.customer_view.rules_folder import PROJECT


def test_every_faulty_variable_is_named_at_once(tmp_path: Path) -> None:
    env = {
        "BANYAN_DATABASE_URL": "mysql://x",
        "BANYAN_RULES_DIR": str(tmp_path / "nowhere"),
        "BANYAN_CLOCK": "sundial",
        "BANYAN_ZONE": "Asia/Atlantis",
    }
    with pytest.raises(FaultySettings) as faulty:
        Settings.read(env)
    assert [fault.split()[0].rstrip(":") for fault in faulty.value.details["faults"]] == list(env)


def test_the_database_url_is_filled_with_the_service_s_name() -> None:
    env = {"BANYAN_DATABASE_URL": "postgresql://h/{service}", "BANYAN_RULES_DIR": str(PROJECT / "rules")}
    assert Settings.read(env).database_url == "postgresql://h/customer_view"
