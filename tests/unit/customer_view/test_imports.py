"""Importing files of every kind, good and bad."""

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.customer_view.adapters.column_map_files import ColumnMapFaults
from services.customer_view.adapters.reject_files import reject_file
from services.customer_view.application.faults import UnknownCustomer, UnreadableFile
from services.customer_view.application.imports import ImportReport
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build_import
from shared.kernel.clock import SteeredClock

Run = Callable[..., tuple[ImportReport, list[tuple[int, str, str]]]]

MAP = """
id: {column: 用户, prefix: t-}
as_of: 2026-03-01
facts:
  city: {constant: beijing}
  age: {column: 年龄, between: [10, 110]}
  gender: {column: 性别, values: {男: male, 女: female, 性别不详: unknown}}
  average_spend: {column: 消费, unit: yuan}
  activated_on: {column: 激活}
  tenure_months: {column: 激活, months_since: "%Y-%m-%d"}
"""
HEADER = "用户,年龄,性别,消费,激活,别的\n"
GOOD = HEADER + "1,30,男,10.5,2025-03-01,x\n2,,性别不详,0,,\n"


@pytest.fixture
def run(tmp_path: Path, use_cases: UseCases) -> Run:
    def run(
        content: Any, *, column_map: str = MAP, name: str = "in.csv"
    ) -> tuple[ImportReport, list[tuple[int, str, str]]]:
        path = tmp_path / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "map.yaml").write_text(column_map, encoding="utf-8")
        faults = []
        report = build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(
            path, tmp_path / "map.yaml", on_fault=faults.append
        )
        return report, [(fault.index, fault.field, fault.message.split(":")[0]) for fault in faults]

    return run


def check_good(use_cases: UseCases) -> None:
    assert use_cases.get_customer("t-1").facts == {
        "city": "beijing",
        "age": 30,
        "gender": "male",
        "average_spend": 1050,
        "activated_on": "2025-03-01",
        "tenure_months": 12,
    }
    assert use_cases.get_customer("t-2").facts == {"city": "beijing", "average_spend": 0}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_text_files_are_read_in_either_encoding_plain_or_squeezed(
    run: Run, use_cases: UseCases, encoding: str, squeeze: Callable[[bytes], bytes]
) -> None:
    report, faults = run(squeeze(GOOD.encode(encoding)))
    assert (report.rows, report.written, report.refused, faults) == (2, 2, 0, [])
    check_good(use_cases)


def test_line_endings_of_windows_and_empty_lines_make_no_difference(run: Run, use_cases: UseCases) -> None:
    report, faults = run(GOOD.replace("\n", "\r\n\r\n"))
    assert (report.written, faults) == (2, [])
    check_good(use_cases)


def test_parquet_is_read_with_its_types(run: Run, use_cases: UseCases) -> None:
    table = pa.table(
        {
            "用户": [1, 2],
            "年龄": [30.0, None],
            "性别": ["男", "性别不详"],
            "消费": [10.5, 0.0],
            "激活": [date(2025, 3, 1), None],
        }
    )
    report, faults = run(lambda path: pq.write_table(table, path), name="in.parquet")
    assert (report.written, faults) == (2, [])
    check_good(use_cases)


def test_a_bad_cell_leaves_its_fact_unknown_and_keeps_the_row(run: Run, use_cases: UseCases) -> None:
    report, faults = run(HEADER + "1,0,男,ten,2027-01-01,x\n")
    assert faults == [(2, "年龄", "bad_cell"), (2, "消费", "bad_cell"), (2, "激活", "bad_cell")]
    assert (report.written, report.refused, report.bad_cells) == (1, 0, 3)
    assert report.cells_by_fact == {"age": 1, "average_spend": 1, "tenure_months": 1}
    assert use_cases.get_customer("t-1").facts == {"city": "beijing", "gender": "male", "activated_on": "2027-01-01"}


def test_rows_without_an_id_and_repeated_ids_are_refused_with_their_lines(run: Run, use_cases: UseCases) -> None:
    report, faults = run(HEADER + "1,30,男,1,,\n,31,男,1,,\n1,32,男,1,,\n3,33,女,1,,\n")
    assert faults == [(3, "用户", "bad_id"), (4, "用户", "duplicate_id")]
    assert (report.rows, report.written, report.refused) == (4, 2, 2)
    assert use_cases.get_customer("t-1").facts["age"] == 30


def test_an_id_repeated_in_a_later_batch_is_refused_too(run: Run) -> None:
    rows = [f"{number},30,男,1,,\n" for number in range(4_500)]
    report, faults = run(HEADER + "".join(rows) + rows[0])
    assert faults == [(4_502, "用户", "duplicate_id")]
    assert report.written == 4_500


def test_a_ragged_row_costs_itself_only(run: Run) -> None:
    report, faults = run(HEADER + "1,30,男\n2,30,男,1,,,\n3,30,男,1,,\n")
    assert faults == [(2, "row", "ragged_row"), (3, "row", "ragged_row")]
    assert report.written == 1


def test_a_quote_left_open_does_not_swallow_the_rows_behind_it(run: Run) -> None:
    rows = "".join(f"{number},30,男,1,,\n" for number in range(2, 400))
    report, faults = run(HEADER + '1,30,"男,1,,\n' + rows)
    assert faults == [(2, "row", "broken_row")]
    assert report.written == 398


def test_quotes_may_hold_commas_quotes_and_line_breaks_and_lines_are_still_counted(run: Run) -> None:
    report, faults = run(HEADER + '1,30,男,1,,"a, ""b""\nc"\n2,x,男,1,,\n')
    assert faults == [(4, "年龄", "bad_cell")]
    assert report.written == 2


def test_bytes_that_are_no_text_cost_their_row_only(run: Run) -> None:
    bad = "2,30,男,1,,\n".encode().replace("男".encode(), b"\xff\xfe")
    report, faults = run((HEADER + "1,30,男,1,,\n").encode() + bad + "3,30,女,1,,\n".encode())
    assert faults == [(3, "row", "wrong_encoding")]
    assert report.written == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("\n\n", "empty_file"),
        (GOOD.encode("utf-16"), "wrong_encoding"),
        (b"PK\x03\x04 an Excel workbook", "unknown_format"),
        (b"PAR1 not really", "broken_file"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-30], "broken_file"),
        ("用户,年龄,性别,消费,激活,年龄\n1,2,3,4,5,6\n", "ambiguous_columns"),
        ("用户,年纪,性别,消费,激活\n", "missing_columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_coded_fault_and_writes_nothing(
    run: Run, use_cases: UseCases, content: Any, code: str
) -> None:
    with pytest.raises(UnreadableFile) as fault:
        run(content)
    assert fault.value.code == code
    with pytest.raises(UnknownCustomer):
        use_cases.get_customer("t-1")


def test_missing_columns_are_all_named_with_the_nearest(run: Run) -> None:
    with pytest.raises(UnreadableFile) as fault:
        run("用户,年龄段,性别,消费额,激活时间\n1,2,3,4,5\n")
    assert fault.value.details["columns"] == ["年龄", "消费", "激活"]
    assert fault.value.details["nearest"]["年龄"] == ("年龄段",)
    assert "'消费' (nearest: '消费额')" in fault.value.message


def test_a_named_encoding_that_is_not_the_file_s_is_told(run: Run) -> None:
    with pytest.raises(UnreadableFile) as fault:
        run(GOOD.encode("gb18030"), column_map="encoding: utf-8\n" + MAP)
    assert fault.value.code == "wrong_encoding"


def test_a_file_that_is_not_there_is_told(tmp_path: Path, use_cases: UseCases) -> None:
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    with pytest.raises(UnreadableFile) as fault:
        build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(
            tmp_path / "none.csv", tmp_path / "map.yaml"
        )
    assert fault.value.code == "no_such_file"


def test_what_was_read_before_a_file_breaks_off_is_kept_and_said(run: Run) -> None:
    rows = "".join(
        f"{number},{number % 50 + 20},男,{number * 7919 % 997},,{number * 7907}\n" for number in range(60_000)
    )
    squeezed = gzip.compress((HEADER + rows).encode())
    report, _ = run(squeezed[: len(squeezed) * 3 // 4])
    assert report.incomplete is not None
    assert report.incomplete.code == "broken_file"
    assert 0 < report.written < 60_000
    assert report.written == report.rows - report.refused


def test_a_faulty_map_writes_nothing(run: Run) -> None:
    with pytest.raises(ColumnMapFaults):
        run(GOOD, column_map="id: 用户\nfacts: {aeg: {column: 年龄}}\n")


def test_the_same_file_again_changes_nothing(run: Run, use_cases: UseCases, clock: SteeredClock) -> None:
    run(GOOD)
    before = use_cases.get_customer("t-1")
    clock.move_to(clock.now().replace(year=2027))
    report, _ = run(GOOD)
    assert report.written == 2
    assert use_cases.get_customer("t-1") == before


def test_progress_is_told_after_each_batch(tmp_path: Path, use_cases: UseCases) -> None:
    (tmp_path / "in.csv").write_text(HEADER + "".join(f"{n},30,男,1,,\n" for n in range(5_000)), encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    seen = []
    build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(
        tmp_path / "in.csv", tmp_path / "map.yaml", progress=lambda report: seen.append(report.rows)
    )
    assert seen == [2_000, 4_000, 5_000]


def test_refusals_go_to_a_file_line_by_line(tmp_path: Path, run: Run, use_cases: UseCases) -> None:
    run(HEADER + "1,0,男,1,,\n")
    with reject_file(tmp_path / "out" / "rejects.csv") as write:
        build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(
            tmp_path / "in.csv", tmp_path / "map.yaml", on_fault=write
        )
    lines = (tmp_path / "out" / "rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["line,column,message", "2,年龄,bad_cell: age: 0 is not between 10 and 110"]
