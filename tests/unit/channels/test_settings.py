"""Settings: defaults, and every fault at once."""

import pytest

from services.channels.dependencies import adapters_of
from services.channels.settings import Settings
from shared.contracts.wire import CHANNELS
from shared.kernel.environment import FaultySettings


def test_without_any_setting_channels_are_simulated_on_a_local_file() -> None:
    settings = Settings.read({})
    assert settings.mode == "simulated"
    assert settings.database_url.startswith("sqlite:////")
    assert settings.database_url.endswith("/channels.sqlite")
    assert all(adapter.simulated for adapter in adapters_of(settings).values())


def test_the_placeholder_names_this_service() -> None:
    settings = Settings.read({"BANYAN_DATABASE_URL": "postgresql://db/banyan_{service}"})
    assert settings.database_url == "postgresql://db/banyan_channels"


def test_real_channels_are_work_lists_and_a_gateway() -> None:
    settings = Settings.read({"BANYAN_CHANNELS": "real", "BANYAN_SMS_GATEWAY_URL": "https://sms.example"})
    adapters = adapters_of(settings)
    assert set(adapters) == set(CHANNELS)
    assert not any(adapter.simulated for adapter in adapters.values())
    assert [channel for channel, adapter in adapters.items() if adapter.external] == ["sms"]


def test_every_fault_is_named_at_once() -> None:
    env = {
        "BANYAN_DATABASE_URL": "mysql://db",
        "BANYAN_CLOCK": "sundial",
        "BANYAN_CHANNELS": "imagined",
        "BANYAN_SMS_GATEWAY_URL": "http://[broken",
    }
    with pytest.raises(FaultySettings) as caught:
        Settings.read(env)
    for name in env:
        assert name in caught.value.message


def test_real_channels_need_a_gateway() -> None:
    with pytest.raises(FaultySettings, match="BANYAN_SMS_GATEWAY_URL"):
        Settings.read({"BANYAN_CHANNELS": "real"})
