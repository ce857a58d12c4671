"""What the service is told from outside."""

from pathlib import Path

import pytest

from services.governance.settings import Settings
from shared.kernel.environment import FaultySettings


def test_without_any_setting_the_service_runs_on_files_under_var(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({})
    assert settings.database_url == f"sqlite:///{tmp_path}/var/governance.sqlite"
    assert (settings.outbound_hours, settings.inbound_minutes) == (48, 30)


def test_the_services_name_is_put_into_the_database_url(tmp_path: Path) -> None:
    env = {"BANYAN_DATABASE_URL": "postgresql://db/banyan_{service}", "BANYAN_RULES_DIR": str(tmp_path)}
    assert Settings.read(env).database_url == "postgresql://db/banyan_governance"


def test_every_faulty_setting_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FaultySettings) as caught:
        Settings.read(
            {
                "BANYAN_DATABASE_URL": "mysql://db",
                "BANYAN_RULES_DIR": str(tmp_path / "nowhere"),
                "BANYAN_CLOCK": "sundial",
                "BANYAN_GOVERNANCE_OUTBOUND_HOURS": "-1",
                "BANYAN_GOVERNANCE_INBOUND_MINUTES": "soon",
                "BANYAN_GOVERNANCE_CLOCK_TOLERANCE_SECONDS": "nan",
                "BANYAN_GOVERNANCE_ERASURE_KEY": "short",
                "BANYAN_GOVERNANCE_KEEP_DAYS": "0",
                "BANYAN_GOVERNANCE_KEEP_AUDIT_DAYS": "for ever",
                "BANYAN_TIMERS": "sometimes",
            }
        )
    assert len(caught.value.details["faults"]) == 10  # type: ignore[arg-type]  # a list


def test_the_erasure_key_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    settings = Settings.read({"BANYAN_RULES_DIR": str(tmp_path), "BANYAN_GOVERNANCE_ERASURE_KEY": "k" * 32})
    assert settings.erasure_key == b"k" * 32
    assert "kkkk" not in repr(settings)
