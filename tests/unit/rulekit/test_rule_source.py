"""A change of a rule is in force within seconds; a faulty one never is."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.in_force import rule_source
from shared.rulekit.in_force.rule_source import LOOK_EVERY, RuleSource
from shared.rulekit.in_force.state import Origin
from shared.rulekit.model import RuleBook
from tests.unit.rulekit.rule_folders import VOCABULARY, make_folder, put_rule


class Stopwatch:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Notes:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.reloads: list[tuple[str | None, str, Origin]] = []
        self.refusals: list[list[str]] = []
        self.unkept: list[str] = []

    def reloaded(self, old: str | None, new: str, origin: Origin, seconds: float) -> None:
        assert seconds >= 0
        self.reloads.append((old, new, origin))

    def refused(self, faults: Sequence[RuleFault], in_force: str | None) -> None:  # noqa: ARG002 - the port's signature
        self.refusals.append([str(fault) for fault in faults])

    def not_kept(self, version: str, why: str) -> None:
        assert why
        self.unkept.append(version)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n")
    return tmp_path


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


def pass_time(source: RuleSource, watch: Stopwatch, seconds: float = 5.0) -> RuleBook:
    """Look as often as the thread beside a source does in so many seconds."""
    for _ in range(round(seconds / LOOK_EVERY)):
        watch.seconds += LOOK_EVERY
        source.look()
    return source.current()


def test_a_change_is_in_force_within_five_seconds(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    before = source.current()
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    after = pass_time(source, watch)
    assert set(after.segments) == {"one", "two"}
    assert after.version != before.version
    assert set(before.segments) == {"one"}  # a decision that began under the old book ends under it


def test_whoever_asks_sees_a_change_even_if_nobody_looks_in_the_background(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    for _ in range(5):
        watch.seconds += 1
        book = source.current()
    assert "two" in book.segments


def test_a_rule_taken_away_is_gone(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    for path in (folder / "segments" / "one").iterdir():
        path.unlink()
    (folder / "segments" / "one").rmdir()
    assert pass_time(source, watch).segments == {}


def test_a_faulty_change_leaves_the_last_good_book_in_force(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    assert pass_time(source, watch, 60) is good
    assert [fault.code for fault in source.faults] == ["unknown_fact"]
    assert 55 < source.age <= 60
    assert (source.state.version, source.state.origin) == (good.version, "folder")
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    assert pass_time(source, watch) is not good
    assert (source.faults, source.age) == ((), 0)


def test_a_folder_that_vanishes_leaves_the_last_good_book_in_force(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()
    folder.rename(folder.with_name("elsewhere"))
    assert pass_time(source, watch) is good
    assert [fault.code for fault in source.faults] == ["no_rules_folder"]


def test_comments_and_layout_are_no_change(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    book = source.current()
    put_rule(folder, "segments", "one", "# why\nwhen:\n  age: 1\n")
    (folder / "vocabulary.yaml").write_text("# facts\n" + VOCABULARY, encoding="utf-8")
    assert pass_time(source, watch) is book


def test_any_change_of_content_changes_the_versions(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    first = source.current()
    put_rule(folder, "segments", "one", "when: {age: 10}\n")
    second = pass_time(source, watch)
    assert len({first.version, second.version}) == 2
    assert len({first.segments["one"].version, second.segments["one"].version}) == 2
    assert all(len(version) == 12 for version in (first.version, first.segments["one"].version))


def test_requests_do_not_look_at_the_files_while_somebody_else_does(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RuleSource(folder, monotonic=watch)
    source.look()
    looks: list[float] = []
    monkeypatch.setattr(source, "look", lambda: looks.append(watch.seconds))
    for _ in range(100):
        watch.seconds += 0.01
        source.current()
    assert looks == []


def test_files_that_did_not_change_are_not_read_again(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RuleSource(folder, monotonic=watch)
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    pass_time(source, watch)
    reads: list[Path] = []
    monkeypatch.setattr(rule_source, "load_rules", reads.append)
    pass_time(source, watch, 60)
    assert reads == []


def test_files_somebody_is_still_writing_are_not_taken(folder: Path, watch: Stopwatch) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()
    for number in range(10):  # a checkout that takes its time, each look finding one more file
        put_rule(folder, "segments", f"late-{number}", f"when: {{age: {number}}}\n")
        watch.seconds += LOOK_EVERY
        source.look()
        assert source.current() is good
    assert len(pass_time(source, watch).segments) == 11


def test_files_that_change_while_they_are_read_are_not_taken(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes()
    source = RuleSource(folder, monotonic=watch, watcher=notes)
    read = rule_source.load_rules
    writers = iter(["when: {age: 4", "when: {age: 5}\n"])  # an editor saves half a file, then the whole of it

    def read_while_written(path: Path) -> RuleBook:
        try:
            return read(path)
        finally:
            if (body := next(writers, None)) is not None:
                put_rule(folder, "segments", "one", body)

    monkeypatch.setattr(rule_source, "load_rules", read_while_written)
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    expected = pass_time(source, watch)
    monkeypatch.undo()
    assert expected.version == read(folder).version
    assert notes.refusals == []
    assert len(notes.reloads) == 2


def test_a_book_that_is_refused_is_not_taken_into_use(folder: Path, watch: Stopwatch) -> None:
    def accept(book: RuleBook) -> None:
        if "two" in book.segments:
            raise RuleFaults([RuleFault("rules", 0, 0, "engine_refuses", "no")])

    source = RuleSource(folder, monotonic=watch, accept=accept)
    good = source.current()
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    assert pass_time(source, watch) is good
    assert [fault.code for fault in source.faults] == ["engine_refuses"]


def test_a_reader_that_trips_over_a_file_leaves_the_last_good_book_in_force(
    folder: Path, watch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RuleSource(folder, monotonic=watch)
    good = source.current()

    def trip(path: Path) -> RuleBook:
        raise RecursionError(path)

    monkeypatch.setattr(rule_source, "load_rules", trip)
    put_rule(folder, "segments", "two", "when: {age: 3}\n")
    assert pass_time(source, watch) is good
    assert [fault.code for fault in source.faults] == ["unreadable"]


def test_every_fault_is_told_once_and_again_only_after_it_was_mended(folder: Path, watch: Stopwatch) -> None:
    notes = Notes()
    source = RuleSource(folder, monotonic=watch, watcher=notes)
    for body in ("when: {aged: 2}\n", "# saved again\nwhen: {age: 2}\n", "when: {aged: 2}\n"):
        path = put_rule(folder, "segments", "one", body)
        pass_time(source, watch, 30)
        path.touch()
        pass_time(source, watch, 30)
    assert len(notes.refusals) == 2
    assert notes.refusals[0][0].startswith(f"{folder}/segments/one/rule.yaml:4:8: unknown_fact")
    assert len(notes.reloads) == 2


def test_rules_that_are_faulty_from_the_start_are_refused(folder: Path) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    with pytest.raises(RuleFaults):
        RuleSource(folder)


def test_a_source_that_may_be_empty_waits_for_the_first_sound_set(folder: Path, watch: Stopwatch) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    source = RuleSource(folder, monotonic=watch, may_be_empty=True)
    with pytest.raises(RuleFaults, match="unknown_fact"):
        source.current()
    assert (source.state.version, source.state.origin) == (None, None)
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    assert pass_time(source, watch).segments


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
    source.look()
    thread = threading.Thread(target=source.look)
    thread.start()
    assert reloading.wait(10)
    source.look()
    assert source.current() is before
    go_on.set()
    thread.join(10)
    assert "two" in source.current().segments
