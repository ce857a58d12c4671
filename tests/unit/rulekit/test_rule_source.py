"""A change of a rule is in force within seconds; a faulty one never is."""

import threading
from pathlib import Path

import pytest

from shared.rulekit import rule_book
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.rule_book import RuleSource
from tests.unit.rulekit.rule_folders import VOCABULARY, make_folder, put_rule


class Stopwatch:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n")
    return tmp_path


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


def test_a_change_is_in_force_within_five_seconds(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    before = source.current()
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    watch.seconds += 5
    after = source.current()
    assert set(after.segments) == {"one", "two"}
    assert after.version != before.version
    assert set(before.segments) == {"one"}  # a decision that began under the old book ends under it


def test_a_rule_taken_away_is_gone(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    for path in (folder / "segments" / "one").iterdir():
        path.unlink()
    (folder / "segments" / "one").rmdir()
    watch.seconds += 5
    assert source.current().segments == {}


def test_a_faulty_change_leaves_the_last_good_book_in_force(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    watch.seconds += 5
    assert source.current() is good
    assert [fault.code for fault in source.faults] == ["unknown_fact"]
    watch.seconds += 60
    source.current()
    assert source.age == 65
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    watch.seconds += 5
    assert source.current() is not good
    assert (source.faults, source.age) == ((), 0)


def test_a_folder_that_vanishes_leaves_the_last_good_book_in_force(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()
    folder.rename(folder.with_name("elsewhere"))
    watch.seconds += 5
    assert source.current() is good
    assert [fault.code for fault in source.faults] == ["no_rules_folder"]


def test_comments_and_layout_are_no_change(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    book = source.current()
    put_rule(folder, "segments", "one", "# why\nwhen:\n  age: 1\n")
    (folder / "vocabulary.yaml").write_text("# facts\n" + VOCABULARY, encoding="utf-8")
    watch.seconds += 5
    assert source.current() is book


def test_any_change_of_content_changes_the_versions(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    first = source.current()
    put_rule(folder, "segments", "one", "when: {age: 10}\n")
    watch.seconds += 5
    second = source.current()
    assert len({first.version, second.version}) == 2
    assert len({first.segments["one"].version, second.segments["one"].version}) == 2
    assert all(len(version) == 12 for version in (first.version, first.segments["one"].version))


def test_the_files_are_looked_at_no_more_than_once_a_second(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RuleSource(folder, monotonic=watch)
    looks: list[float] = []
    monkeypatch.setattr(source, "_look", lambda: looks.append(watch.seconds))
    for _ in range(100):
        watch.seconds += 0.1
        source.current()
    assert 9 <= len(looks) <= 10


def test_files_that_did_not_change_are_not_read_again(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RuleSource(folder, monotonic=watch)
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    watch.seconds += 5
    source.current()
    reads: list[Path] = []
    monkeypatch.setattr(rule_book, "load_rules", reads.append)
    for _ in range(10):
        watch.seconds += 5
        source.current()
    assert reads == []


def test_a_book_that_is_refused_is_not_taken_into_use(folder: Path, watch: Stopwatch) -> None:
    def accept(book: RuleBook) -> None:
        if "two" in book.segments:
            raise RuleFaults([RuleFault("rules", 0, 0, "engine_refuses", "no")])

    source = RuleSource(folder, monotonic=watch, accept=accept)
    good = source.current()
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    watch.seconds += 5
    assert source.current() is good
    assert [fault.code for fault in source.faults] == ["engine_refuses"]


def test_rules_that_are_faulty_from_the_start_are_refused(folder: Path) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    with pytest.raises(RuleFaults):
        RuleSource(folder)


def test_nobody_waits_for_a_reload(folder: Path, watch: Stopwatch) -> None:
    reloading, go_on = threading.Event(), threading.Event()

    def accept(book: RuleBook) -> None:
        if "two" in book.segments:
            reloading.set()
            assert go_on.wait(10)

    source = RuleSource(folder, monotonic=watch, accept=accept)
    before = source.current()
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    watch.seconds += 5
    thread = threading.Thread(target=source.current)
    thread.start()
    assert reloading.wait(10)
    assert source.current() is before
    go_on.set()
    thread.join(10)
    assert "two" in source.current().segments
