"""`banyan feeds` on SQLite: what it prints and how it leaves."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.workbench.cli.commands import banyan
from services.workbench.cli.feeds.progress import about_rows
from tests.integration.customer_view.feed_files import HEADER, write_map
from tests.unit.customer_view.rules_folder import write_rules


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    for name in ("BANYAN_DATABASE_URL", "BANYAN_DATABASE_URL_CUSTOMER_VIEW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("BANYAN_RULES_DIR", str(write_rules(tmp_path / "rules")))
    monkeypatch.setattr("shared.observability.logging.configure_logging", lambda *_, **__: None)
    return Run()


class Run:
    """Calls the command."""

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(banyan, ["feeds", *map(str, arguments)])


def json_of(result: Result) -> Any:
    """Return what was printed; lines of the log, which this test does not set up, come before it."""
    first = next(
        place for place, letter in enumerate(result.stdout) if letter in "[{" and result.stdout[place + 1] == "\n"
    )
    return json.loads(result.stdout[first:])


def test_a_load_prints_its_state_and_status_repeats_it(feeds: Run, tmp_path: Path) -> None:
    file, column_map = tmp_path / "month.csv", write_map(tmp_path)
    file.write_text(HEADER + "1,30,男,1,,,,,,,,\n2,300,男,1,,,,,,,,\n", encoding="utf-8")
    rejects = tmp_path / "rejects.csv"
    result = feeds("load", "customers", file, "--map", column_map, "--rejects", rejects, "--json")
    assert result.exit_code == 0, result.output
    told = json_of(result)
    assert (told["was_loaded"], told["resumed_from"]) == (False, 0)
    assert (told["feed"]["rows"], told["feed"]["bad_cells"]) == (2, 1)
    assert "has been loaded before" in feeds("load", "customers", file, "--map", column_map).stdout
    listed = json_of(feeds("status", "--json"))
    assert [(one["name"], one["written"], one["last_rejects"][0]["line"]) for one in listed] == [("month.csv", 2, 3)]
    assert "month.csv" in feeds("status").stdout
    assert feeds("status", "nothing").exit_code == 1


def test_a_refused_row_or_a_wrong_question_is_told_by_the_exit_code(feeds: Run, tmp_path: Path) -> None:
    file, column_map = tmp_path / "month.csv", write_map(tmp_path)
    file.write_text(HEADER + "1,30\n", encoding="utf-8")
    assert feeds("load", "customers", file, "--map", column_map).exit_code == 1
    without = feeds("load", "customers", file)
    assert (without.exit_code, "--map" in without.output) == (1, True)
    assert feeds("load", "bills", file).exit_code == 2
    assert "--kind" in feeds("follow", "bills").output


def test_the_rows_of_a_file_are_guessed_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 1_000)
    assert about_rows(path) == 1_000
    path.write_bytes(b"\x1f\x8b packed")
    assert about_rows(path) is None
