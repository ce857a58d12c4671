"""`report.json`: valid, one contact a line, and never half of one in the place of a good one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.workbench.report.record import open_record
from tests.unit.demo.pretending import a_contact

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.dictionaries(TEXTS, TEXTS | st.integers() | st.none())), TEXTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_record_is_valid_json_with_an_item_a_line(tmp_path: Path, items: list[dict[str, object]], label: str) -> None:
    path = tmp_path / "report.json"
    with open_record(path) as record:
        record.put("label", label)
        assert record.put_all("contacts", items) == len(items)
        record.put_all("control", [])
        record.put("last", {"b": 1, "a": 2})
    text = path.read_text("utf-8")
    assert json.loads(text) == {"label": label, "contacts": items, "control": [], "last": {"a": 2, "b": 1}}
    lines = text.split("\n")
    first = lines.index('"contacts": [') + 1
    found = [json.loads(line.removesuffix(",")) for line in lines[first : first + len(items)]]
    assert found == items


def test_a_list_is_streamed_not_gathered(tmp_path: Path) -> None:
    written: list[int] = []
    path = tmp_path / "report.json"

    def many() -> Iterator[dict[str, object]]:
        for number in range(2_000):
            yield a_contact(f"k{number}")
            written.append((tmp_path / "report.partial").stat().st_size)

    with open_record(path) as record:
        record.put_all("contacts", many())
    assert written[1_000] > 0, "the first contacts are on disk before the last is asked for"
    assert len(json.loads(path.read_text("utf-8"))["contacts"]) == 2_000


def test_a_record_that_breaks_off_does_not_replace_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with open_record(path) as record:
        record.put("label", "good")
    before = path.read_bytes()

    def broken() -> Iterator[dict[str, object]]:
        yield a_contact("k1")
        raise OSError("the service is gone")

    with pytest.raises(OSError, match="gone"), open_record(path) as record:
        record.put_all("contacts", broken())
    assert path.read_bytes() == before


def test_without_an_older_record_a_broken_one_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(TypeError), open_record(path) as record:
        record.put("label", object())
    assert not path.exists()


def test_the_same_values_give_the_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    bytes_of = []
    for number, value in enumerate(({"b": 1, "a": [1, 2]}, {"a": [1, 2], "b": 1})):
        with open_record(tmp_path / f"{number}.json") as record:
            record.put("x", value)
        bytes_of.append((tmp_path / f"{number}.json").read_bytes())
    assert bytes_of[0] == bytes_of[1]
