"""`banyan customers import`: a file through a column map to customer_view, good rows kept, bad ones told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from shared.contracts.customer_view import CustomerRecord
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write three subscribers, one without an id, and a map of two columns."""
    data, column_map = tmp_path / "data.csv", tmp_path / "map.yaml"
    data.write_text("id,spend\ns1,12.50\n,3\ns2,many\n", "utf-8")
    column_map.write_text("id: id\nfacts:\n  monthly_spend: {column: spend}\n", "utf-8")
    return str(data), str(column_map)


@pytest.fixture
def kept(fake_bus: FakeBus) -> list[CustomerRecord]:
    """Answer as customer_view does, and keep what it was sent."""
    records: list[CustomerRecord] = []

    def upsert(customers: list[Any]) -> dict[str, Any]:
        records.extend(msgspec.convert(msgspec.to_builtins(customers), list[CustomerRecord]))
        return {"written": len(customers), "faults": []}

    fake_bus.answers["customer_view_bulk", "upsert_customers"] = upsert
    return records


def test_good_rows_are_kept_and_bad_ones_told_by_line_and_column(
    run: Run, files: tuple[str, str], kept: list[CustomerRecord]
) -> None:
    data, column_map = files
    said = run("customers", "import", data, "--map", column_map, "--rules", str(RULES), "--json")
    report = json.loads(said.stdout)
    assert said.exit_code == 1
    assert [record.customer_id for record in kept] == ["s1", "s2"]
    assert kept[0].facts == {"monthly_spend": 1250}
    assert (report["rows"], report["written"], report["refused"], report["bad_cells"]) == (3, 2, 1, 1)
    assert [(fault["index"], fault["field"]) for fault in report["first_faults"]] == [(3, "id"), (4, "spend")]


def test_what_was_refused_can_be_handed_back_as_a_file(
    run: Run, files: tuple[str, str], kept: list[CustomerRecord], tmp_path: Path
) -> None:
    data, column_map = files
    rejects = tmp_path / "out" / "rejects.csv"
    said = run("customers", "import", data, "--map", column_map, "--rules", str(RULES), "--rejects", str(rejects))
    assert said.exit_code == 1
    assert len(kept) == 2
    assert len(rejects.read_text("utf-8-sig").splitlines()) == 3


def test_a_missing_column_stops_the_import_before_anything_is_sent(
    run: Run, files: tuple[str, str], fake_bus: FakeBus, tmp_path: Path
) -> None:
    data, _ = files
    column_map = tmp_path / "other.yaml"
    column_map.write_text("id: id\nfacts:\n  monthly_spend: {column: spendings}\n", "utf-8")
    said = run("customers", "import", data, "--map", str(column_map), "--rules", str(RULES))
    assert said.exit_code == 1
    assert "'spendings' (nearest: 'spend')" in said.stderr
    assert fake_bus.asked == []


def test_a_file_that_is_not_there_is_asked_wrongly(run: Run, files: tuple[str, str]) -> None:
    assert run("customers", "import", "nowhere.csv", "--map", files[1]).exit_code == 2
