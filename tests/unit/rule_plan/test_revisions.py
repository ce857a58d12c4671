"""What rules are compared with: another folder, or a git revision of the same one."""

import subprocess
from pathlib import Path

import pytest

from services.workbench.rule_plan.revisions import UnknownRevision, rules_at
from shared.kernel.faults import Unavailable

NAME = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *NAME, *arguments], check=True, capture_output=True)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Make a repository with a folder of rules: its first version says `one`, what lies there now `two`."""
    folder = tmp_path / "project" / "rules"
    folder.mkdir(parents=True)
    (folder / "vocabulary.yaml").write_text("one", "utf-8")
    (folder.parent / "other.txt").write_text("not a rule", "utf-8")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "first")
    (folder / "vocabulary.yaml").write_text("two", "utf-8")
    return folder


def test_a_revision_is_unpacked_as_it_was_and_removed_afterwards(rules: Path) -> None:
    with rules_at("HEAD", rules) as (room, label):
        assert (room / "vocabulary.yaml").read_text("utf-8") == "one"
        assert [path.name for path in room.iterdir()] == ["vocabulary.yaml"]
        assert label.startswith("HEAD (")
    assert not room.exists()
    assert (rules / "vocabulary.yaml").read_text("utf-8") == "two"


def test_a_folder_is_taken_as_it_is(rules: Path) -> None:
    with rules_at(str(rules.parent), rules) as (room, label):
        assert (room, label) == (rules.parent, str(rules.parent))


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=stolen", "-h", ""])
def test_what_is_neither_a_folder_nor_a_revision_is_told(rules: Path, revision: str) -> None:
    with pytest.raises(UnknownRevision), rules_at(revision, rules):
        pass
    assert not list(rules.parent.rglob("stolen"))


def test_a_revision_from_before_the_folder_is_told(rules: Path) -> None:
    later = rules.parent / "later"
    later.mkdir()
    with pytest.raises(UnknownRevision, match="does not hold"), rules_at("HEAD", later):
        pass


def test_a_machine_without_git_is_told_to_name_a_folder(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(rules))
    with pytest.raises(Unavailable, match="folder"), rules_at("HEAD", rules):
        pass
