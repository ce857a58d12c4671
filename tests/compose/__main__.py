"""`python -m tests.compose`: the Compose file under a private Docker engine, tried and hurt; 0 when everything held.

Linux and root are needed. Nothing is pulled from a registry: the images are made of Debian's packages and by
docker/Dockerfile. Engine and containers live in namespaces of their own and end with this program.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.compose import building, trial
from tests.compose.account import Account
from tests.compose.engine import EngineError, install_programs

_FOLDER = building.ROOT / "var" / "compose"
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_REEXEC = (sys.executable, "-m", "tests.compose")


def main() -> int:
    """Build in one set of namespaces, try in another that has a network of its own."""
    options = _options()
    steps: dict[str, Callable[[argparse.Namespace], int]] = {"build": _build, "try": _try}
    if options.step:
        return steps[options.step](options)
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.stderr.write("make compose-test needs Linux and root: it runs a Docker engine of its own.\n")
        return 2
    try:
        install_programs()
    except (EngineError, subprocess.CalledProcessError) as fault:
        sys.stderr.write(f"make compose-test cannot run here: {fault}\n")
        return 2
    code = _apart([], "build")
    return code or _apart(["--net"], "try")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.compose", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack up at the end, until Enter or Ctrl-C")
    parser.add_argument("--stages", nargs="*", choices=trial.STAGES, default=list(trial.STAGES), help="only these")
    parser.add_argument(
        "--folder", type=Path, default=_FOLDER, help="the engine's data (kept as a cache), logs, report.json"
    )
    parser.add_argument("--pip-conf", type=Path, help="a pip.conf with an index of your own, lent to the build")
    parser.add_argument("--step", choices=("build", "try"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _apart(more: list[str], step: str) -> int:
    command = [*_APART, *more, *_REEXEC, *sys.argv[1:], "--step", step]
    with subprocess.Popen(command, cwd=building.ROOT) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child has it, too, and cleans up


def _build(options: argparse.Namespace) -> int:
    options.folder.mkdir(parents=True, exist_ok=True)
    account = Account(_console())
    try:
        building.build_images(options.folder / "engine", account.say, options.pip_conf)
    except EngineError as fault:
        sys.stderr.write(f"the images could not be built: {fault}\n")
        return 1
    return 0


def _try(options: argparse.Namespace) -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    account = Account(_console())
    try:
        trial.run(account, options.folder, options.stages, keep=options.keep)
    except KeyboardInterrupt:
        account.require(holds=False, what="the run came to its end", figure="interrupted")
    account.print()
    return 0 if account.is_good else 1


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)


if __name__ == "__main__":
    raise SystemExit(main())
