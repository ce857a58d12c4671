"""Broken files, as operators meet them at a terminal: what is wrong and where, an exit code, never a traceback."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import ROOT, Deployment

pytestmark = [pytest.mark.servers, pytest.mark.slow]

Banyan = Callable[..., subprocess.CompletedProcess[str]]
Watch = Callable[..., Any]


@pytest.fixture
def banyan(town: Deployment) -> Banyan:
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.workbench.cli.main", *arguments],
            cwd=ROOT,
            env=town.environment | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def broken_rules(tmp_path: Path) -> Path:
    """Copy the rules and misspell a fact in one of them."""
    folder = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    (folder / "segments" / "crbt-silent" / "rule.yaml").write_text(
        "id: crbt-silent\n"
        "owner: value-added-services\n"
        "because: {zh: 未下载, en: no download}\n"
        "when:\n"
        "  crbt_subscribed: true\n"
        "  crbt_days_since_downlod: {more_than: 60}\n",
        "utf-8",
    )
    return folder


def test_a_broken_rule_is_told_with_file_line_and_column(banyan: Banyan, broken_rules: Path) -> None:
    done = banyan("rules", "check", "--rules", str(broken_rules))
    assert done.returncode == 1
    [told] = [line for line in done.stdout.splitlines() if "crbt_days_since_downlod" in line]
    assert "segments/crbt-silent/rule.yaml:6:3: " in told
    assert "crbt_days_since_download" in told.split("crbt_days_since_downlod", 1)[1], "the nearest name is offered"
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("service", ["customer_view", "catalogue", "governance", "campaigns"])
def test_a_service_does_not_start_on_broken_rules_when_no_sound_set_was_kept(
    banyan: Banyan, broken_rules: Path, tmp_path: Path, service: str
) -> None:
    folders = {"BANYAN_RULES_DIR": str(broken_rules), "BANYAN_RULE_SETS": str(tmp_path / "none")}
    done = banyan("serve", service, BANYAN_LOG="text", **folders)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "banyan: invalid_rules: " in done.stderr
    assert "rule.yaml:6:3: " in done.stderr
    assert "banyan ready" not in done.stdout


def test_a_service_does_not_start_without_its_rules(banyan: Banyan, tmp_path: Path) -> None:
    done = banyan("serve", "governance", BANYAN_RULES_DIR=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "BANYAN_RULES_DIR" in done.stderr


def test_a_file_with_other_columns_is_refused_and_the_columns_are_named(
    banyan: Banyan, unharmed: Watch, tmp_path: Path
) -> None:
    data, column_map = tmp_path / "data.csv", tmp_path / "map.yaml"
    data.write_text("number,spent\ns1,12.50\n", "utf-8")
    column_map.write_text("id: number\nfacts:\n  monthly_spend: {column: spend}\n  age: {column: years}\n", "utf-8")
    with unharmed("customer_view"):
        done = banyan("customers", "import", str(data), "--map", str(column_map))
    assert done.returncode == 1
    assert done.stderr.startswith("banyan: missing_columns: ")
    assert "'spend' (nearest: 'spent')" in done.stderr
    assert "'years'" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_of_a_file_with_bad_rows_the_good_ones_are_kept(banyan: Banyan, town: Deployment, tmp_path: Path) -> None:
    data, column_map = tmp_path / "data.csv", tmp_path / "map.yaml"
    data.write_text("number,spend\nfile-1,12.50\n,3\nfile-2,much\n", "utf-8")
    column_map.write_text("id: number\nfacts:\n  monthly_spend: {column: spend}\n", "utf-8")
    done = banyan("customers", "import", str(data), "--map", str(column_map))
    assert done.returncode == 1
    assert "number" in done.stdout
    assert "spend" in done.stdout
    kept = town.query("customer_view", "SELECT customer_id FROM customer WHERE customer_id IN ('file-1', 'file-2')")
    assert sorted(str(row[0]) for row in kept) == ["file-1", "file-2"]
    town.settle()
