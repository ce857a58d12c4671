"""A plan over customer_view's own database, a generated province or a file tells the same of the same subscribers."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from services.customer_view.adapters.store import SqlStore
from services.workbench import province, registry
from services.workbench.cli.commands import banyan
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[3] / "rules"
SIZE, SEED = 400, 5
COLUMN_MAP = """
about: two columns
as_of: 2026-03-01
id: {column: id}
facts:
  age: {column: age, between: [0, 120]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the rules with an older age limit, a shorter span for a segment and one call more a day."""
    copy = shutil.copytree(RULES, tmp_path / "rules")
    for rule, old, new in (
        ("eligibility/adult", "at_least: 18", "at_least: 25"),
        ("segments/crbt-lost", "at_most: 180", "at_most: 90"),
        ("contact_policy/capacity-call-day", "limit: 300", "limit: 1"),
    ):
        path = copy / rule / "rule.yaml"
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    return copy


def plan(folder: Path, *base: str) -> dict[str, Any]:
    fixed = ["rules", "plan", "--rules", str(folder), "--against", str(RULES), "--on", "2026-03-02", "--json", "--ids"]
    said = CliRunner().invoke(banyan, [*fixed, *base], prog_name="banyan")
    assert said.exit_code == 1, said.output
    report: dict[str, Any] = json.loads(said.stdout)
    return report


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_customer_views_database_tells_what_the_same_province_tells(
    kind: str, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/customer_view.sqlite"
    if kind == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url, pool_size=2)
    migrate(database, registry.migrations_of("customer_view"))
    people = {one.customer_id: one.facts for one in province.subscribers(SEED, SIZE)}
    with SqlStore(database).write(load_rules(RULES)) as transaction:
        transaction.put(people, at=datetime(2026, 3, 1, tzinfo=UTC))
    database.close()
    stored = plan(folder, "--database", url)
    made = plan(folder, "--generated", str(SIZE), "--seed", str(SEED))
    assert {each["id"] for each in stored["effects"] if each["lost"]} > {"adult", "crbt-lost", "e-payment"}
    for part in ("subscribers", "edits", "effects", "contacts"):
        assert stored[part] == made[part]


def test_a_file_is_read_through_its_map_and_what_it_lacks_is_unknown(folder: Path, tmp_path: Path) -> None:
    path, column_map = tmp_path / "people.csv", tmp_path / "map.yaml"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "age"])
        rows.writerows([f"a{age}", age] for age in range(16, 28))
        rows.writerow(["", 50])
    column_map.write_text(COLUMN_MAP, "utf-8")
    report = plan(folder, "--customers", str(path), "--map", str(column_map))
    adult = next(each for each in report["effects"] if each["id"] == "adult")
    assert (report["subscribers"], report["refused_rows"]) == (12, 1)
    assert (adult["before"], adult["after"], adult["lost"]) == (10, 3, 7)
    assert [group["value"] for group in adult["cities"]] == [None]
    assert set(adult["lost_sample"]) <= {f"a{age}" for age in range(18, 25)}
