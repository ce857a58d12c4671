"""`banyan rules schema`: prints, writes and checks the schemas beside the rules."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.workbench.cli.rules.schema import schema
from shared.rulekit.faults import RuleFaults
from tests.unit.rulekit.rule_folders import make_folder, put_rule


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(schema, ["--rules", str(folder), "--lang", "en", *arguments])


def test_schemas_are_written_once_and_again_when_a_fact_or_a_segment_is_new(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert run(tmp_path).exit_code == 1
    assert "segments.json" in run(tmp_path, "--write").output
    assert (run(tmp_path).exit_code, run(tmp_path, "--check").exit_code) == (0, 0)
    assert run(tmp_path, "--write").output == "all schemas are current\n"
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n")
    stale = run(tmp_path, "--json")
    assert stale.exit_code == 1
    assert set(json.loads(stale.output)["stale"]) == {"segments.json", "eligibility.json", "triggers.json"}


def test_one_schema_is_printed(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert json.loads(run(tmp_path, "segments").output)["title"] == "Banyan: segments"
    assert not (tmp_path / "schema").exists()


def test_asking_wrongly_is_told(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert run(tmp_path, "segmants").exit_code == 2
    assert run(tmp_path, "--write", "--check").exit_code == 2


def test_schemas_of_faulty_rules_are_not_written(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {aeg: 1}\n")
    with pytest.raises(RuleFaults):
        CliRunner().invoke(schema, ["--rules", str(tmp_path), "--write"], catch_exceptions=False)
    assert not (tmp_path / "schema").exists()
