"""What `make setup` says on a machine that lacks something, and what the CI run ends with."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BASH = shutil.which("bash") or "bash"
MakeVenv = Callable[..., subprocess.CompletedProcess[str]]


def program(path: Path, text: str) -> None:
    path.write_text(f"#!{BASH}\n{text}\n", "utf-8")
    path.chmod(0o755)


@pytest.fixture
def make_venv(tmp_path: Path) -> MakeVenv:
    """Run scripts/make_venv with nothing on the path but a Python 3 that `python` may spoil, and the tools given."""
    tools = tmp_path / "bin"
    tools.mkdir()

    def run(python: str = "", *extra: str) -> subprocess.CompletedProcess[str]:
        program(tools / "python3", f'{python}\nexec {sys.executable} "$@"')
        for name in extra:
            program(tools / name, "exit 0")
        return subprocess.run(
            [BASH, str(ROOT / "scripts" / "make_venv"), str(tmp_path / "venv")],
            env={"PATH": str(tools)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_an_old_python_is_named_with_what_to_install(make_venv: MakeVenv) -> None:
    done = make_venv('case "$*" in *--version*) echo Python 3.9.2; exit 0;; esac; exit 1')
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; python3 is Python 3.9.2." in done.stderr
    assert "apt-get install python3 python3-venv python3-dev gcc" in done.stderr


def test_a_python_without_ensurepip_is_told_which_package_brings_it(make_venv: MakeVenv) -> None:
    done = make_venv('case "$*" in *ensurepip*) exit 1;; esac', "cc")
    assert done.returncode == 1
    assert f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr


def test_a_missing_compiler_is_told_before_anything_is_fetched(make_venv: MakeVenv, tmp_path: Path) -> None:
    done = make_venv()
    assert done.returncode == 1
    assert "there is no C compiler" in done.stderr
    assert "xcode-select --install" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_missing_headers_are_told_with_their_place(make_venv: MakeVenv) -> None:
    done = make_venv('case "$*" in *include*) echo /nowhere; exit 0;; esac', "cc")
    assert done.returncode == 1
    assert "/nowhere/Python.h is missing" in done.stderr


@pytest.mark.parametrize(
    ("check", "test", "code"), [(0, 0, 0), (1, 0, 1), (0, 2, 1)], ids=["all well", "checks fail", "tests fail"]
)
def test_the_ci_run_ends_with_pytests_closing_line_and_an_honest_exit_code(
    tmp_path: Path, check: int, test: int, code: int
) -> None:
    closing = "===== 3 passed, 1 skipped in 0.52s ====="
    answers = f'[ "$CI" = true ] || exit 9\ncase $1 in check) exit {check};; test) echo "{closing}"; exit {test};; esac'
    program(tmp_path / "make", answers)
    done = subprocess.run(
        [str(ROOT / ".ci" / "run")],
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == closing
