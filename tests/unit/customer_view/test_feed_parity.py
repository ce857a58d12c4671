"""Whatever a file holds, reading it by the column says what reading it row by row says."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.customer_view.adapters import csv_chunks, csv_rows
from services.customer_view.adapters.column_map_files import ColumnMapFiles
from services.customer_view.adapters.fact_encoding import PlainEncoding
from services.customer_view.adapters.row_files import LocalRowFiles
from services.customer_view.adapters.seen_ids import seen_ids_on_disk
from services.customer_view.application.feed_columns import MapReading
from services.customer_view.application.feeds import parted
from services.customer_view.application.imports import FileImport
from services.customer_view.application.ports import FileRow
from services.customer_view.domain.redaction import masked, redacted
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.wire import RowFault
from shared.rulekit.facts import check_facts
from shared.rulekit.reading.folder import load_rules
from tests.integration.customer_view.feed_files import COLUMNS, MAP
from tests.unit.customer_view.rules_folder import PROJECT

_VOCABULARY = load_rules(PROJECT / "rules").vocabulary
_CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "30", "9999999999999999", "10.5", "-3", "男", "女", "不详", "Y", "N", "是", "2025-03-01", "x y"]
    ),
    st.text(st.sampled_from('ab"\n\r,\\\t 中\x07\u2028'), max_size=6),
)
_IDS = st.one_of(st.integers(0, 12).map(str), st.sampled_from(["", "a b", "13800138000", "é", "x" * 70]))
_ROWS = st.lists(st.tuples(_IDS, st.lists(_CELLS, min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) - 1)), max_size=25)
_RAW = st.lists(st.sampled_from(['"', "\n", "1,2\n", '5,30,"男\n', "\r\n", ",,,\n", '""', "\r"]), max_size=3)


@pytest.fixture(autouse=True, scope="module")
def small_portions() -> Iterator[None]:
    """Read a few letters at a time, so that chunks end wherever they may."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_chunks, "_FIRST", 40)
        patch.setattr(csv_rows, "_PORTION", 7)
        yield


class Kept:
    """Customers as a dictionary, checked as the use cases check them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        faults = []
        for index, one in enumerate(customers):
            found = check_facts(one.facts, _VOCABULARY)
            faults += [RowFault(index=index, field=f"facts.{f.fact}", message=f"{f.code}: {f.message}") for f in found]
            if not found:
                self.rows[one.customer_id] = one.facts
        return UpsertResult(written=len(customers) - len({fault.index for fault in faults}), faults=faults)


@given(rows=_ROWS, raw=_RAW, size=st.integers(1, 9), reached=st.integers(0, 30), cut=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_columns_and_rows_agree_on_every_file(
    rows: list[tuple[str, list[str]]], raw: list[str], size: int, reached: int, cut: int
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([one, *cells] for one, cells in rows[cut:])
    text.write("".join(raw))
    writer.writerows([one, *cells] for one, cells in rows[:cut])
    with TemporaryDirectory() as folder:
        path, column_map = Path(folder, "in.csv"), Path(folder, "map.yaml")
        path.write_bytes(text.getvalue().encode())
        column_map.write_text(MAP, encoding="utf-8")
        compare(path, column_map, size, reached)


@given(
    rows=st.lists(st.lists(st.text(st.sampled_from("a1 \x85中"), max_size=4), min_size=3, max_size=3), max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    odd=st.sampled_from(["", "", "1,2\n", "\n", "\r\n", '"a, b",1\n', '"a",1,2\n', "1,2,3"]),
    size=st.integers(1, 9),
)
@settings(max_examples=150, deadline=None)
def test_lines_without_quotes_are_parted_as_the_parser_parts_them(
    rows: list[list[str]], end: str, odd: str, size: int
) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "map.yaml").write_text("id: {column: one}\nfacts:\n  age: {column: three}\n", encoding="utf-8")
        column_map = ColumnMapFiles().read(Path(folder, "map.yaml"), _VOCABULARY)
    text = "".join(",".join(cells) + end for cells in [["one", "two", "three"], *rows]) + odd
    expected = list(csv_rows.read(io.StringIO(text, newline=""), Path("in.csv"), column_map))
    found: list[FileRow] = []
    for chunk in csv_chunks.read(io.StringIO(text, newline=""), Path("in.csv"), column_map, size):
        good = [
            FileRow(line, {name: cells[place] for name, cells in chunk.columns.items()})
            for place, line in enumerate(chunk.lines)
        ]
        found += sorted([*good, *chunk.faults], key=lambda row: row.line)
    assert found == expected


def compare(path: Path, column_map: Path, size: int, reached: int) -> None:
    """Check that both ways keep and refuse the same, and that a run parted anywhere is the same run."""
    kept, faults = Kept(), []
    importing = FileImport(
        customers=kept,
        vocabulary=lambda: _VOCABULARY,
        files=LocalRowFiles(),
        column_maps=ColumnMapFiles(),
        seen_ids=seen_ids_on_disk,
    )
    report = importing.import_file(path, column_map, on_fault=faults.append)
    whole = read_by_column(path, column_map, size, -1)
    assert whole[0] == {one: {name: _plain(value) for name, value in facts.items()} for one, facts in kept.rows.items()}
    assert whole[1] == sorted(_expected(fault) for fault in faults)
    assert whole[2] == (report.rows, report.refused, report.bad_cells, +report.unknown)
    resumed = read_by_column(path, column_map, size, reached)
    assert resumed[1] == [one for one in whole[1] if one[0] > reached]
    assert resumed[0].items() <= whole[0].items()


def read_by_column(path: Path, column_map: Path, size: int, reached: int) -> tuple[Any, ...]:
    """Return facts by subscriber, refusals and counts of what lies behind a line."""
    recipe = ColumnMapFiles().read(column_map, _VOCABULARY)
    names = {fact.column: fact.name for fact in _VOCABULARY}
    facts: dict[str, dict[str, Any]] = {}
    rejects: list[tuple[int, str, str]] = []
    counts, unknown = [0, 0, 0], Counter[str]()
    with seen_ids_on_disk() as seen, LocalRowFiles().open_chunks(path, recipe, size) as chunks:
        reading = MapReading(recipe, _VOCABULARY, PlainEncoding(), seen)
        for chunk in chunks:
            before, behind = parted(chunk, reached)
            if before is not None:
                reading.pass_over(before)
            if behind is None:
                continue
            found = reading.read(behind)
            for place, one in enumerate(found.rows.customer_ids):
                facts[one] = {names[column]: _plain(cells[place]) for column, cells in found.rows.columns.items()}
            rejects += [(one.line, one.column, one.reason) for one in found.rejects]
            counts = [a + b for a, b in zip(counts, (found.count, found.refused, found.bad_cells), strict=True)]
            unknown += found.unknown
    return facts, sorted(rejects), (*counts, unknown)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value if value is None or isinstance(value, (str, int, float, list)) else value.isoformat()


def _expected(fault: RowFault) -> tuple[int, str, str]:
    """Return how a feed words a refusal of the import: without the id, numbers masked."""
    if fault.message.startswith("duplicate_id"):
        return fault.index, fault.field, "duplicate_id: it was in an earlier row"
    if fault.message.startswith("bad_id"):
        why = "there is no subscriber id" if "there is no" in fault.message else "is not a subscriber id"
        return fault.index, fault.field, f"bad_id: {why}"
    return fault.index, fault.field, redacted(fault.message)


def test_what_is_masked_keeps_only_its_ends() -> None:
    assert masked("13800138000") == "138******00"
    assert masked("张小明") == "张**"
    assert redacted("pay 13800138000 in 2026") == "pay 138******00 in 2026"
