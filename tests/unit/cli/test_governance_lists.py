"""`banyan governance list`: files in and out against a real governance, as if the bus were between."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from shared.contracts import wire
from shared.contracts.governance import ListedEntry, ListEntry
from shared.kernel.faults import Unavailable
from tests.integration.governance.world import BLACK, START, World
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]
HEADER = "customer_id,reason,source,author,starts_at,ends_at,channel,category"


@pytest.fixture
def world(tmp_path: Path, fake_bus: FakeBus) -> Iterator[World]:
    """Return a governance that answers what the commands ask."""
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, {"black": BLACK})

    def put(list: Any, entries: Any) -> int:  # noqa: A002 - the contract's name
        return place.use.list_put(list, msgspec.convert(msgspec.to_builtins(entries), type=List))

    def remove(list: Any, **rest: Any) -> int:  # noqa: A002 - the contract's name
        return place.use.list_remove(list, **rest)

    def read(list: Any, **rest: Any) -> Any:  # noqa: A002 - the contract's name
        return msgspec.to_builtins(place.use.list_read(list, **rest))

    fake_bus.answers |= {
        ("governance_bulk", "list_put"): put,
        ("governance", "list_put"): put,
        ("governance", "list_remove"): remove,
        ("governance_bulk", "list_read"): read,
    }
    yield place
    place.close()


List = list[ListEntry]


def entries(world: World, name: wire.ListName = "black") -> list[ListedEntry]:
    return world.use.list_read(name, "", 100).entries


def listed(world: World) -> list[tuple[str, str | None]]:
    return [(one.customer_id, one.channel) for one in entries(world)]


def write(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> str:
    path = folder / "list.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return str(path)


def test_good_rows_are_put_and_bad_ones_told_by_line_and_column(run: Run, world: World, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "anna,asked,hall,Wu,,,,",
        ",asked,hall,Wu,,,,",
        "ben,asked,hall,Wu,soon,,,",
        "ben,asked,hall,Wu,2026-03-02T09:00,,,",
        "ben,asked,hall,Wu,2026-03-02T09:00+08:00,2026-03-02T08:00+08:00,,",
        "ben,asked,hall,Wu,,,pigeon,",
        "ben,asked",
        "carla,asked,hall,Wu,2026-03-02T09:00+08:00,2026-04-02T09:00+08:00,sms,news",
    )
    said = run("governance", "list", "import", "black", file, "--json")
    report = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (report["rows"], report["put"], report["refused"]) == (8, 2, 6)
    faults = [(fault["index"], fault["field"]) for fault in report["first_faults"]]
    places = ["customer_id", "starts_at", "starts_at", "ends_at", "channel", "row"]
    assert faults == list(enumerate(places, 3))
    rejected = Path(report["rejects"]).read_text("utf-8-sig").splitlines()
    assert rejected[1] == "3,customer_id,is empty"
    assert len(rejected) == 7
    anna, carla = entries(world)
    assert (anna.customer_id, anna.reason, anna.source, anna.author) == ("anna", "asked", "hall", "Wu")
    assert (carla.starts_at, carla.channel, carla.category) == (START, "sms", "news")


def test_columns_that_say_nothing_may_be_left_out_and_the_encoding_is_told_from_the_bytes(
    run: Run, world: World, tmp_path: Path
) -> None:
    rows = ("anna,本人要求,营业厅,吴", "ben,投诉,热线,吴")
    file = write(tmp_path, *rows, header="customer_id,reason,source,author", encoding="gb18030")
    said = run("governance", "list", "import", "black", file)
    assert said.exit_code == 0
    assert [one.reason for one in entries(world)] == ["本人要求", "投诉"]


@pytest.mark.parametrize(
    "header",
    [
        "customer_id,reason,source,auther,starts_at,ends_at,channel,category",
        "customer_id,reason,source,author,starts_at,ends_at,chanel,category",
    ],
)
def test_a_column_that_is_missing_or_misspelt_stops_the_import(
    run: Run, world: World, tmp_path: Path, header: str
) -> None:
    said = run("governance", "list", "import", "black", write(tmp_path, "anna,a,b,c,,,sms,", header=header))
    assert said.exit_code == 1
    assert "missing_columns" in said.stderr
    assert entries(world) == []


def test_a_dry_run_reads_and_puts_nothing(run: Run, world: World, fake_bus: FakeBus, tmp_path: Path) -> None:
    said = run("governance", "list", "import", "black", write(tmp_path, "anna,a,b,c,,,,"), "--dry-run", "--json")
    report = json.loads(said.stdout)
    assert said.exit_code == 0
    assert (report["put"], report["would_be_put"], report["rejects"]) == (0, 1, None)
    assert fake_bus.asked == []
    assert entries(world) == []


def test_the_same_file_again_leaves_the_list_as_it_is(run: Run, world: World, tmp_path: Path) -> None:
    file = write(tmp_path, "anna,a,b,c,,,,", "anna,a,b,c,,,sms,", "anna,later,b,c,,,,")
    for _ in range(2):
        assert run("governance", "list", "import", "black", file).exit_code == 0
    assert [(one.channel, one.reason) for one in entries(world)] == [(None, "later"), ("sms", "a")]


def test_a_file_goes_over_the_bus_in_pages(
    run: Run, world: World, fake_bus: FakeBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.workbench.list_files.BULK_LIMIT", 3)
    file = write(tmp_path, *(f"c{number},a,b,c,,,," for number in range(7)))
    assert run("governance", "list", "import", "black", file).exit_code == 0
    assert [len(arguments["entries"]) for _, _, arguments in fake_bus.asked] == [3, 3, 1]
    assert len(entries(world)) == 7


def test_a_bus_that_breaks_off_ends_in_one_line_and_the_file_can_be_put_again(
    run: Run, world: World, fake_bus: FakeBus, tmp_path: Path
) -> None:
    answer = fake_bus.answers["governance_bulk", "list_put"]
    fake_bus.answers["governance_bulk", "list_put"] = Unavailable("the ledger did not answer")
    file = write(tmp_path, "anna,a,b,c,,,,")
    said = run("governance", "list", "import", "black", file)
    assert (said.exit_code, said.stderr.splitlines()[0]) == (1, "banyan: unavailable: the ledger did not answer")
    fake_bus.answers["governance_bulk", "list_put"] = answer
    assert run("governance", "list", "import", "black", file).exit_code == 0
    assert listed(world) == [("anna", None)]


def test_what_was_exported_is_imported_as_the_same_entries(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.workbench.cli.governance.lists.BULK_LIMIT", 2)
    end = START + timedelta(days=3, microseconds=7)
    world.use.list_put(
        "black",
        [
            ListEntry(customer_id="安娜", reason='说"不", 两次', source="营业厅", author="吴"),
            ListEntry(customer_id="ben", reason="q", source="s", author="a", starts_at=START, ends_at=end),
            ListEntry(customer_id="ben", reason="r", source="s", author="a", channel="sms", category="news"),
            ListEntry(customer_id="=1+1", reason="r", source="s", author="a"),
        ],
    )
    before = entries(world)
    file = str(tmp_path / "out.csv")
    said = run("governance", "list", "export", "black", file, "--json")
    assert json.loads(said.stdout) == {"list": "black", "entries": 4, "file": file}
    assert run("governance", "list", "export", "black").stdout == Path(file).read_text("utf-8")
    world.use.list_remove("black", [one.customer_id for one in before])
    assert run("governance", "list", "import", "black", file).exit_code == 0
    assert entries(world) == before


def test_an_export_that_breaks_off_leaves_no_file_that_seems_whole(
    run: Run, world: World, fake_bus: FakeBus, tmp_path: Path
) -> None:
    assert entries(world) == []
    fake_bus.answers["governance_bulk", "list_read"] = Unavailable("the ledger did not answer")
    assert run("governance", "list", "export", "black", str(tmp_path / "out.csv")).exit_code == 1
    assert list(tmp_path.glob("out.csv*")) == []


def test_subscribers_are_put_on_shown_and_taken_off_with_author_and_reason(run: Run, world: World) -> None:
    who = ("--author", "Wu", "--reason", "asked")
    put = run("governance", "list", "put", "black", "anna", "ben", *who, "--channel", "sms", "--json")
    assert json.loads(put.stdout) == {"list": "black", "put": 2}
    assert listed(world) == [("anna", "sms"), ("ben", "sms")]
    shown = run("governance", "list", "show", "black", "--customer", "ben").stdout
    assert "ben" in shown
    assert "anna" not in shown
    assert json.loads(run("governance", "list", "show", "black", "--limit", "1", "--json").stdout)["next"]
    removed = run("governance", "list", "remove", "black", "anna", "nobody", *who, "--json")
    assert json.loads(removed.stdout) == {"list": "black", "removed": 1}
    assert world.use.audit("anna")[0].action == "list_remove"


@pytest.mark.parametrize(
    "arguments",
    [
        ("put", "black", "anna", "--author", "Wu"),
        ("remove", "black", "anna", "--reason", "x"),
        ("put", "pink", "anna", "--author", "Wu", "--reason", "x"),
        ("put", "black", "anna", "--author", "Wu", "--reason", "x", "--until", "2026-03-02T09:00"),
        ("put", "black", "anna", "--author", "Wu", "--reason", "x", "--until", "soon"),
        ("export", "black", "--json"),
        ("import", "black", "nowhere.csv"),
    ],
)
def test_what_is_asked_wrongly_ends_in_two(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("governance", "list", *arguments).exit_code == 2
