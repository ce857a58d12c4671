"""Kept rule sets: what is in the archive is what was accepted, or it is said that it is not."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.kernel.faults import NotFound
from shared.rulekit.faults import RuleFaults
from shared.rulekit.in_force.archive import RuleArchive
from shared.rulekit.in_force.pin import Pin
from shared.rulekit.in_force.rule_source import LOOK_EVERY, RuleSource
from shared.rulekit.in_force.signature import files_of
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import make_folder, put_rule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Make = Callable[[int], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "rules")


@pytest.fixture
def archive(tmp_path: Path) -> RuleArchive:
    return RuleArchive(tmp_path / "rule_sets", most=4)


@pytest.fixture
def write(folder: Path) -> Make:
    def write_set(age: int) -> str:
        put_rule(folder, "segments", "one", f"when: {{age: {age}}}\n", cases=f"[] # {age}\n")
        return load_rules(folder).version

    return write_set


@pytest.fixture
def keep(folder: Path, archive: RuleArchive, write: Make) -> Make:
    """Keep the set in which `one` means an age, `age` hours after noon."""

    def keep_set(age: int) -> str:
        version = write(age)
        archive.keep(version, files_of(folder), NOON + timedelta(hours=age))
        return version

    return keep_set


def pin_of(version: str) -> Pin:
    return Pin(version, "because", "tests", NOON.isoformat())


def test_a_kept_set_is_read_back_with_its_cases(archive: RuleArchive, keep: Make, folder: Path) -> None:
    version = keep(1)
    before = files_of(folder)
    keep(2)
    assert archive.load(version).version == version
    assert files_of(archive.rules_of(version)) == before
    assert "segments/one/cases.yaml" in before


def test_what_was_kept_is_not_written_again(archive: RuleArchive, keep: Make, folder: Path) -> None:
    version = keep(1)
    put_rule(folder, "segments", "one", "when:\n  age: 1 # the same\n")
    archive.keep(version, files_of(folder), NOON)
    assert b"the same" not in files_of(archive.rules_of(version))["segments/one/rule.yaml"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda rules: (rules / "segments/one/rule.yaml").write_text("id: one", "utf-8"),
        lambda rules: (rules / "segments/one/cases.yaml").write_text("[1]", "utf-8"),
        lambda rules: (rules / "segments/one/cases.yaml").unlink(),
        lambda rules: put_rule(rules, "segments", "two", "when: {age: 2}\n"),
        lambda rules: (rules.parent / "manifest.json").write_text("{", "utf-8"),
        lambda rules: (rules.parent / "manifest.json").write_text("[]", "utf-8"),
    ],
)
def test_a_damaged_set_is_refused_and_mended_when_it_is_accepted_again(
    archive: RuleArchive, keep: Make, damage: Callable[[Path], object]
) -> None:
    version = keep(1)
    damage(archive.rules_of(version))
    with pytest.raises(RuleFaults) as caught:
        archive.load(version)
    assert [fault.code for fault in caught.value.faults] == ["set_corrupt"]
    assert not archive.is_sound(version)
    with pytest.raises(RuleFaults):
        archive.put_pin(pin_of(version))
    assert keep(1) == version
    assert archive.load(version).version == version


def test_a_set_under_a_name_that_is_not_its_own_is_refused(archive: RuleArchive, keep: Make) -> None:
    home = archive.rules_of(keep(1)).parent
    shutil.copytree(home, home.with_name("0123456789ab"))
    with pytest.raises(RuleFaults, match="set_corrupt"):
        archive.load("0123456789ab")


@pytest.mark.parametrize("version", ["0123456789ab", "../../etc", "", "0123456789AB"])
def test_a_set_that_is_not_there_cannot_be_pinned(archive: RuleArchive, version: str) -> None:
    with pytest.raises(NotFound):
        archive.put_pin(pin_of(version))
    assert archive.pin() is None


def test_only_so_many_are_kept_and_never_the_pinned_or_the_newest_is_lost(archive: RuleArchive, keep: Make) -> None:
    first = keep(1)
    archive.put_pin(pin_of(first))
    later = [keep(age) for age in range(2, 10)]
    assert set(archive.versions()) == {first, *later[-3:]}
    assert archive.load(first).version == first


def test_no_set_is_forgotten_while_the_pin_cannot_be_read(archive: RuleArchive, keep: Make, tmp_path: Path) -> None:
    archive.put_pin(pin_of(keep(1)))
    (tmp_path / "rule_sets" / "pin.json").write_text("{}", "utf-8")
    for age in range(2, 9):
        keep(age)
    assert len(archive.versions()) == 8


def test_what_a_killed_process_left_behind_is_removed_in_the_end(keep: Make, tmp_path: Path) -> None:
    keep(1)
    left, fresh = (tmp_path / "rule_sets" / "sets" / name for name in (".new-left", ".new-fresh"))
    left.mkdir()
    fresh.mkdir()
    long_ago = time.time() - 7200
    os.utime(left, (long_ago, long_ago))
    keep(2)
    assert (left.exists(), fresh.exists()) == (False, True)


def test_writers_at_the_same_time_keep_one_whole_set(folder: Path, write: Make, tmp_path: Path) -> None:
    version, files = write(1), files_of(folder)
    barrier, failures = threading.Barrier(8), list[BaseException]()

    def keep_it() -> None:
        try:
            barrier.wait(10)
            RuleArchive(tmp_path / "rule_sets").keep(version, files, NOON)
        except BaseException as failure:  # noqa: BLE001 - shown by the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=keep_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    archive = RuleArchive(tmp_path / "rule_sets")
    assert failures == []
    assert archive.load(version).version == version
    assert [acceptance.version for acceptance in archive.acceptances()] == [version]
    assert os.listdir(tmp_path / "rule_sets" / "sets") == [version]  # noqa: PTH208 - hidden names, too


def test_the_set_before_is_the_one_that_was_in_force_before(archive: RuleArchive, keep: Make) -> None:
    one, two, three = keep(1), keep(2), keep(3)
    archive.keep(two, {}, NOON + timedelta(hours=4))  # back to the second by editing
    assert [acceptance.version for acceptance in archive.acceptances()] == [one, two, three, two]
    assert archive.before(two) == three
    assert archive.before(three) == two
    assert archive.before(one) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "x"}', '{"version": 1, "reason": 2}', "\x00\xff"])
def test_a_pin_that_cannot_be_read_is_a_fault_with_its_place(
    archive: RuleArchive, keep: Make, tmp_path: Path, content: str
) -> None:
    keep(1)
    (tmp_path / "rule_sets" / "pin.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(RuleFaults, match=r"pin\.json:1:1: pin_unreadable"):
        archive.pin()


class Reader:
    """A source over the folder and the archive, and a clock that is moved as it is looked at."""

    def __init__(self, folder: Path, archive: RuleArchive, *, may_be_empty: bool = False) -> None:
        self.seconds = 0.0
        self.source = RuleSource(folder, monotonic=lambda: self.seconds, archive=archive, may_be_empty=may_be_empty)

    @property
    def version(self) -> str | None:
        """Look for five seconds, then say what is in force."""
        for _ in range(10):
            self.seconds += LOOK_EVERY
            self.source.look()
        return self.source.state.version


def test_what_a_reader_takes_is_kept(folder: Path, archive: RuleArchive, write: Make) -> None:
    first = write(1)
    reader = Reader(folder, archive)
    second = write(2)
    assert reader.version == second
    assert [acceptance.version for acceptance in archive.acceptances()] == [first, second]
    assert archive.load(first).version == first


def test_a_pinned_set_is_in_force_whatever_the_folder_says(folder: Path, archive: RuleArchive, write: Make) -> None:
    first = write(1)
    reader = Reader(folder, archive)
    second = write(2)
    assert reader.version == second
    archive.put_pin(pin_of(first))
    assert reader.version == first
    assert (reader.source.state.origin, reader.source.faults) == ("pin", ())
    third = write(3)
    assert reader.version == first
    assert Reader(folder, archive).source.state.version == first
    archive.remove_pin()
    assert (reader.version, reader.source.state.origin) == (third, "folder")


def test_a_pinned_set_that_goes_bad_leaves_the_last_good_one_in_force(
    folder: Path, archive: RuleArchive, write: Make
) -> None:
    first = write(1)
    reader = Reader(folder, archive)
    second = write(2)
    assert reader.version == second
    archive.put_pin(pin_of(first))
    rules = archive.rules_of(first)
    shutil.rmtree(rules.parent)
    assert reader.version == second
    assert [fault.code for fault in reader.source.faults] == ["set_missing"]
    assert reader.source.age > 0
    with pytest.raises(RuleFaults, match="set_missing"):  # nothing may stand in for what was pinned for a reason
        Reader(folder, archive)
    archive.remove_pin()
    assert reader.version == second
    assert reader.source.faults == ()


def test_an_unreadable_pin_leaves_the_last_good_set_in_force(
    folder: Path, archive: RuleArchive, write: Make, tmp_path: Path
) -> None:
    first = write(1)
    reader = Reader(folder, archive)
    (tmp_path / "rule_sets" / "pin.json").write_text("{", "utf-8")
    write(2)
    assert reader.version == first
    assert [fault.code for fault in reader.source.faults] == ["pin_unreadable"]
    archive.put_pin(pin_of(first))
    assert (reader.version, reader.source.faults) == (first, ())


def test_the_newest_kept_set_stands_in_for_files_that_are_faulty_at_the_start(
    folder: Path, archive: RuleArchive, write: Make
) -> None:
    Reader(folder, archive)
    second = write(2)
    Reader(folder, archive)
    put_rule(folder, "segments", "one", "when: {aged: 3}\n")
    reader = Reader(folder, archive)
    assert (reader.source.state.version, reader.source.state.origin) == (second, "archive")
    assert [fault.code for fault in reader.source.faults] == ["unknown_fact"]
    assert reader.version == second
    assert reader.source.age >= 5
    third = write(3)
    assert (reader.version, reader.source.state.origin, reader.source.age) == (third, "folder", 0)


def test_a_damaged_kept_set_does_not_stand_in(folder: Path, archive: RuleArchive, write: Make) -> None:
    first = write(1)
    Reader(folder, archive)
    second = write(2)
    Reader(folder, archive)
    (archive.rules_of(second) / "vocabulary.yaml").write_text("facts: {}\n", "utf-8")
    put_rule(folder, "segments", "one", "when: {aged: 3}\n")
    assert Reader(folder, archive).source.state.version == first


def test_with_neither_files_nor_kept_set_a_reader_is_refused(folder: Path, archive: RuleArchive) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 3}\n")
    with pytest.raises(RuleFaults, match="unknown_fact"):
        Reader(folder, archive)
    assert Reader(folder, archive, may_be_empty=True).version is None


def test_an_archive_that_cannot_be_written_does_not_stop_a_change(folder: Path, tmp_path: Path, write: Make) -> None:
    (tmp_path / "rule_sets").write_text("a file where the folder should be", "utf-8")
    archive = RuleArchive(tmp_path / "rule_sets" / "in_it")
    write(1)
    reader = Reader(folder, archive)
    second = write(2)
    assert reader.version == second
