"""Settings: read once, every fault listed."""

from pathlib import Path

import pytest

from services.campaigns.adapters.fulfilment_http import HttpFulfilment
from services.campaigns.adapters.fulfilment_simulated import SimulatedFulfilment
from services.campaigns.dependencies import fulfilment_of
from services.campaigns.settings import Settings
from shared.kernel.environment import FaultySettings


def test_nothing_said_means_embedded_and_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    settings = Settings.read({})
    assert settings.database_url == f"sqlite:///{tmp_path}/var/campaigns.sqlite"
    assert (settings.fulfilment, settings.has_timers) == ("simulated", True)
    assert isinstance(fulfilment_of(settings), SimulatedFulfilment)


def test_every_faulty_variable_is_named(tmp_path: Path) -> None:
    env = {
        "BANYAN_DATABASE_URL": "mysql://x",
        "BANYAN_RULES_DIR": str(tmp_path / "nowhere"),
        "BANYAN_CLOCK": "sundial",
        "BANYAN_TIMERS": "perhaps",
        "BANYAN_FULFILMENT": "http",
        "BANYAN_CRM_URL": "ftp://crm",
    }
    with pytest.raises(FaultySettings) as caught:
        Settings.read(env)
    for name in (*env, "BANYAN_ISMP_URL"):
        assert (name in caught.value.message) == (name != "BANYAN_FULFILMENT"), name


def test_real_crm_and_ismp_are_reached_over_http_and_their_addresses_stay_out_of_logs(tmp_path: Path) -> None:
    env = {
        "BANYAN_RULES_DIR": str(tmp_path),
        "BANYAN_DATABASE_URL": "postgresql://h/{service}",
        "BANYAN_TIMERS": "off",
        "BANYAN_FULFILMENT": "http",
        "BANYAN_CRM_URL": "https://user:secret@crm.example",
        "BANYAN_ISMP_URL": "https://ismp.example",
    }
    settings = Settings.read(env)
    assert settings.database_url == "postgresql://h/campaigns"
    assert not settings.has_timers
    assert "secret" not in repr(settings)
    assert isinstance(fulfilment_of(settings), HttpFulfilment)
