from pathlib import Path

import pytest

from shared.kernel.clock import SystemClock
from shared.kernel.environment import Environment, FaultySettings


def test_nothing_said_means_the_embedded_defaults() -> None:
    env = Environment({"BANYAN_VAR": "/srv/var"})
    assert env.database_url("governance") == "sqlite:////srv/var/governance.sqlite"
    assert isinstance(env.clock(), SystemClock)
    assert env.one_of("BANYAN_TIMERS", ("on", "off")) == "on"
    assert env.number("BANYAN_X", 5, 10) == 5
    env.check()


def test_an_empty_variable_counts_as_unset() -> None:
    assert Environment({"BANYAN_SEED": ""}).text("BANYAN_SEED", "1") == "1"


def test_rule_sets_are_kept_beside_the_databases_unless_told_otherwise(tmp_path: Path) -> None:
    assert Environment({"BANYAN_VAR": str(tmp_path)}).rule_sets() == tmp_path / "rule_sets"
    assert Environment({"BANYAN_VAR": "x", "BANYAN_RULE_SETS": str(tmp_path)}).rule_sets() == tmp_path
    assert Environment({}).rule_sets() == Path("var/rule_sets").absolute()


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    env = Environment(
        {
            "BANYAN_DATABASE_URL": "mysql://x",
            "BANYAN_RULES_DIR": str(tmp_path / "nowhere"),
            "BANYAN_CLOCK": f"file;{tmp_path}/no-such-file",
            "BANYAN_TIMERS": "maybe",
            "BANYAN_X": "-3",
            "BANYAN_CRM_URL": "crm.example",
        }
    )
    env.database_url("campaigns")
    env.rules()
    env.clock()
    assert env.one_of("BANYAN_TIMERS", ("on", "off")) == "on"
    assert env.number("BANYAN_X", 5, 10) == 5
    env.web_url("BANYAN_CRM_URL")
    with pytest.raises(FaultySettings) as faulty:
        env.check()
    named = [fault.split()[0].rstrip(":") for fault in env.faults]
    assert named == [
        "BANYAN_DATABASE_URL",
        "BANYAN_RULES_DIR",
        "BANYAN_CLOCK",
        "BANYAN_TIMERS",
        "BANYAN_X",
        "BANYAN_CRM_URL",
    ]
    assert faulty.value.details["faults"] == env.faults
