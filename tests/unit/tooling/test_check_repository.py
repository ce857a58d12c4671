"""What `make check` looks for in tracked files."""

import subprocess
from pathlib import Path

import pytest

from scripts.check_repository import MOST_LINES, check_decisions, check_file, check_repository

ROOT = Path(__file__).parents[3]


def found(path: str, text: str) -> list[str]:
    return [str(finding) for finding in check_file(path, text)]


@pytest.mark.parametrize(
    "line",
    ["--index" + "-url pypi.example.com", "nameko @ https://example.com/n.whl", "--find-links /opt/wheels"],
)
def test_a_lock_file_names_no_place_to_fetch_from(line: str) -> None:
    assert found("requirements.lock", f"click==8.1.8\n{line}\n")[0].startswith("requirements.lock:2: a lock file")


def test_hashes_and_markers_are_what_a_lock_file_is_for() -> None:
    assert found("requirements.lock", "click==8.1.8 ; python_version >= '3.11' \\\n    --hash=sha256:00ff\n") == []


def test_an_index_address_is_found_in_any_file() -> None:
    address = "https://mirror.example.com/" + "simple"
    assert found("docker/Dockerfile", "RUN pip install --extra-index" + f"-url={address} x\n") != []
    assert found("docs/a.md", "see https://example.com/simple-things and `--no-emit-index-url`\n") == []


@pytest.mark.parametrize("path", ["home/ann/banyan", "Users/ann/x", "root/.cache", "work/main"])
def test_a_path_of_one_machine_is_found(path: str) -> None:
    assert found("docs/a.md", f"first\nlook at /{path}\n") == [
        "docs/a.md:2: names a folder that exists on one machine only"
    ]


@pytest.mark.parametrize("text", ["~/.bashrc", "docs/work/plan.md", "https://example.com/work/x", "/srv/banyan"])
def test_other_paths_are_no_finding(text: str) -> None:
    assert found("docs/a.md", text) == []


def test_a_module_may_fill_its_lines_and_no_more() -> None:
    assert found("shared/a.py", "x = 1\n" * MOST_LINES) == []
    assert found("shared/a.py", "x = 1\n" * (MOST_LINES + 1)) == [
        "shared/a.py:0: has 301 lines; a module has at most 300"
    ]
    assert found("rules/a.yaml", "x: 1\n" * (MOST_LINES + 1)) == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common"])
def test_a_module_is_named_after_an_idea(name: str) -> None:
    assert len(found(f"shared/{name}.py", "")) == 1


def test_a_decision_that_is_not_in_the_list_is_found() -> None:
    pages = ["0001-record-decisions.md", "0007-cells.md"]
    (finding,) = check_decisions("| [0001](0001-record-decisions.md) | … |", pages)
    assert "0007-cells.md" in str(finding)


def test_a_decision_in_the_list_that_is_not_there_is_found() -> None:
    (finding,) = check_decisions("[0001](0001-record-decisions.md) [0009](0009-gone.md)", ["0001-record-decisions.md"])
    assert "0009-gone.md" in str(finding)


def test_only_files_git_knows_are_looked_at(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "utils.py").write_text("")
    (tmp_path / "blob.bin").write_bytes(b"\0/" + b"home/ann/x")
    assert list(check_repository(tmp_path)) == []
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert [finding.path for finding in check_repository(tmp_path)] == ["utils.py"]
