"""The nameko classes on the embedded bus, in a process of their own (eventlet patches a whole process)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.customer_view.rules_folder import PROJECT, write_rules


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("bus")
    rules = write_rules(folder / "rules")
    program = [sys.executable, "-m", "tests.integration.customer_view.bus_program", str(folder), str(rules)]
    run = subprocess.run(program, capture_output=True, text=True, timeout=120, cwd=PROJECT, check=False)
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def test_good_records_are_kept_and_bad_ones_answered_with_their_place(outcome: dict[str, Any]) -> None:
    assert outcome["kept"] == 2
    assert outcome["refused"] == [[0, "facts.age"]]


def test_an_audience_and_its_page_come_over_the_bus(outcome: dict[str, Any]) -> None:
    assert outcome["size"] == 2
    assert outcome["members"][0] == {"customer_id": "a", "failed": ["not-poor"], "facts": {"age": 30}}


def test_every_wrong_question_gets_its_code_and_no_container_dies(outcome: dict[str, Any]) -> None:
    assert outcome["codes"] == [
        "unknown_customer",
        "invalid_request",
        "batch_too_large",
        "invalid_rules",
        "invalid_request",
        "unknown_audience",
    ]


def test_changes_are_told_and_a_fulfilled_product_is_added_once(outcome: dict[str, Any]) -> None:
    assert outcome["heard"] == [["a", "b"], ["a"]]
    assert outcome["products"] == ["weather"]
