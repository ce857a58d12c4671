"""Feeds of files: what a row-by-row import would store, refuse and tell, on either database."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.customer_view.adapters.feed_rejects import open_rejects
from services.customer_view.application.faults import FeedTaken, RejectsLost, UnreadableFile
from services.customer_view.application.feed_ports import FeedOutcome, FileOrder
from services.customer_view.application.feed_state import Reject
from services.customer_view.application.feeds import FileFeeds
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, build_feeds, build_import, list_feeds, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import CustomerRecord
from shared.kernel.clock import SteeredClock
from tests.integration.customer_view.feed_files import HEADER, rejects_in, table_of, told, write_map

Load = Callable[..., FeedOutcome]
GOOD = HEADER + "1,30,男,10.5,1,1.5,2025-03-01,华为,是,Y,N,\n2,,不详,0,,,,,,Y,,\n"


@pytest.fixture
def feeds(settings: Settings, clock: SteeredClock) -> Iterator[FileFeeds]:
    database = open_database(settings)
    yield build_feeds(settings, clock)
    database.close()


@pytest.fixture
def load(feeds: FileFeeds, tmp_path: Path) -> Load:
    column_map = write_map(tmp_path)

    def load(content: str | bytes, **options: Any) -> FeedOutcome:
        path = tmp_path / "month.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return feeds.load(FileOrder(path, column_map, "month", tmp_path / "rejects.csv", **options))

    return load


def many(rows: range) -> str:
    return "".join(f"{n},{20 + n % 60},{'男' if n % 2 else '女'},{n}.25,{n % 7},{n % 5},,,,,,\n" for n in rows)


def test_a_file_ends_as_the_same_table_and_the_same_descriptions_as_an_import(
    load: Load, settings: Settings, tmp_path: Path
) -> None:
    content = GOOD + '3,x,男,abc,1,1,2027-01-01,"a ""b"",\\\tc",否,N,Y,\n,1,男,1,,,,,,,,\n1,31,男,1,,,,,,,,\n4,5\n'
    outcome = load(content)
    other = Settings.read(
        {"BANYAN_DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite", "BANYAN_RULES_DIR": str(settings.rules)}
    )
    use_cases = build(other, SteeredClock(datetime(2026, 3, 2, 1, tzinfo=UTC)))
    faults: list[Any] = []
    report = build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(
        tmp_path / "month.csv", tmp_path / "map.yaml", on_fault=faults.append
    )
    assert table_of(settings) == table_of(other)
    assert sorted(told(settings), key=repr) == sorted(told(other), key=repr)
    state = outcome.state
    assert (state.rows, state.written, state.refused) == (report.rows, report.written, report.refused)
    assert state.bad_cells == report.bad_cells
    assert state.unknown == dict(report.unknown)
    lines = [(line, column, reason.split(":")[0]) for line, column, reason, _ in rejects_in(tmp_path / "rejects.csv")]
    assert sorted(lines) == sorted((str(one.index), one.field, one.message.split(":")[0]) for one in faults)


def test_facts_the_file_does_not_name_stay_and_only_who_changed_is_told(
    load: Load, settings: Settings, clock: SteeredClock
) -> None:
    use_cases = build(settings, clock)
    use_cases.upsert_customers([CustomerRecord(customer_id="t-1", facts={"brand": "gotone", "age": 29})])
    load(GOOD)
    assert use_cases.get_customer("t-1").facts["brand"] == "gotone"
    assert [one.customer_id for one in told(settings)] == ["t-1", "t-1", "t-2"]
    assert told(settings)[1] == use_cases.get_customer("t-1")


def test_the_same_file_again_is_told_and_changes_nothing_and_again_tells_nobody(load: Load, settings: Settings) -> None:
    assert not load(GOOD).was_loaded
    before, events = table_of(settings), told(settings)
    assert load(GOOD).was_loaded
    forced = load(GOOD, is_again=True)
    assert (forced.was_loaded, forced.state.written, forced.state.changed) == (False, 2, 0)
    assert (table_of(settings), told(settings)) == (before, events)


def test_a_changed_file_under_the_same_name_starts_anew(load: Load, tmp_path: Path) -> None:
    load(GOOD + "9,x,,,,,,,,,,\n")
    outcome = load(GOOD.replace("10.5", "11"))
    assert (outcome.was_loaded, outcome.resumed_from, outcome.state.rows, outcome.state.changed) == (False, 0, 2, 1)
    assert rejects_in(tmp_path / "rejects.csv") == []


def test_a_run_goes_on_behind_the_last_row_stored(
    load: Load, feeds: FileFeeds, settings: Settings, tmp_path: Path
) -> None:
    content = HEADER + many(range(12_000)) + "5,30,男,1,,,,,,,,\n7777777777x,5,男,1,,,,,,,,\n"
    path = tmp_path / "month.csv"
    path.write_text(content, encoding="utf-8")
    order = FileOrder(path, write_map(tmp_path), "month", tmp_path / "rejects.csv")

    def stop(state: Any) -> None:
        raise InterruptedError(state.rows)

    with pytest.raises(InterruptedError):
        feeds.load(order, stop)
    with (tmp_path / "rejects.csv").open("a", encoding="utf-8") as file:
        file.write("half a line that the database knows noth")
    outcome = load(content)
    assert 0 < outcome.resumed_from < 12_000
    assert (outcome.state.rows, outcome.state.written, outcome.state.refused) == (12_002, 12_001, 1)
    assert rejects_in(tmp_path / "rejects.csv") == [
        ["12002", "用户", "duplicate_id: it was in an earlier row", "t**"],
        ["12003", "年龄", "bad_cell: age: 5 is not between 10 and 110", "5"],
    ]
    ids = [one.customer_id for one in told(settings)]
    assert len(ids) == len(set(ids)) == 12_001


def test_a_resumed_run_without_its_refusals_is_refused(load: Load, tmp_path: Path, settings: Settings) -> None:
    squeezed = gzip.compress((HEADER + "x,1\n" + many(range(8_000))).encode())
    assert load(squeezed[: len(squeezed) // 2]).state.incomplete
    (tmp_path / "rejects.csv").unlink()
    with pytest.raises(RejectsLost):
        load(squeezed[: len(squeezed) // 2])
    assert load(squeezed[: len(squeezed) // 2], is_again=True).state.refused == 1
    assert list_feeds(settings)[0].incomplete


def test_a_file_cut_off_keeps_what_was_read_and_says_so_every_time(load: Load, settings: Settings) -> None:
    squeezed = gzip.compress((HEADER + many(range(8_000))).encode())
    first = load(squeezed[: len(squeezed) * 3 // 4])
    assert "ended" in first.state.incomplete
    assert 0 < first.state.rows < 8_000
    again = load(squeezed[: len(squeezed) * 3 // 4])
    assert again.state.incomplete
    assert len(table_of(settings)) == again.state.written
    whole = load(squeezed)
    assert (whole.state.incomplete, whole.state.written) == ("", 8_000)


def test_a_file_that_cannot_be_read_is_one_coded_fault_and_writes_nothing(load: Load, settings: Settings) -> None:
    with pytest.raises(UnreadableFile) as fault:
        load("用户,年纪\n1,2\n")
    assert fault.value.code == "missing_columns"
    assert table_of(settings) == []


def test_of_two_that_move_the_same_feed_one_stops(load: Load, settings: Settings, feeds: FileFeeds) -> None:
    load(GOOD)
    state = list_feeds(settings)[0]
    store = feeds._store
    with store.write(feeds._rules.current()) as transaction:
        transaction.feeds.move(state, msgspec.structs.replace(state, position=77))
    with pytest.raises(FeedTaken), store.write(feeds._rules.current()) as transaction:
        transaction.feeds.move(state, msgspec.structs.replace(state, position=78))
    assert list_feeds(settings)[0].position == 77


def test_a_file_of_refusals_is_written_by_one_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "rejects.csv")
    with open_rejects(path, 0) as first:
        assert first.write([Reject(1, "a", "b")]) > 0
        with pytest.raises(FeedTaken), open_rejects(path, 0):
            pass
    assert len(rejects_in(Path(path))) == 1


def test_personal_numbers_are_masked_in_what_was_refused(load: Load, tmp_path: Path) -> None:
    load(HEADER + "138 0013 8000,30,男,13800138000元,,,,,,,,\n13900139000,30,男,13800138000元,,,,,,,,\n")
    text = (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")
    assert "0013800" not in text
    assert "138 0013" not in text
    assert "138******00元" in text


@pytest.mark.parametrize(("encoding", "squeeze"), [("utf-8-sig", bytes), ("gb18030", gzip.compress)])
def test_text_files_are_read_in_either_encoding_plain_or_squeezed(
    load: Load, encoding: str, squeeze: Callable[[bytes], bytes], use_cases: UseCases
) -> None:
    outcome = load(squeeze(GOOD.replace("\n", "\r\n").encode(encoding)))
    assert (outcome.state.written, outcome.state.refused) == (2, 0)
    assert use_cases.get_customer("t-1").facts["tags"] == ["likes_music"]
