"""Run a server's programs, and end them when whoever started this process is gone, however it went.

Started as a process of its own with one argument, a JSON object: `programs` (list of argument lists), `environment`,
`identity` (user and group to run as; empty: as oneself), `stop` (name of the signal that asks the last program to stop)
and `folder` (deleted at the end). It stops when its standard input closes, when its parent dies (SIGKILL included) or
when a program ends. A line on standard input that names a signal has the last program ended by it and started again;
`down` before the name leaves it ended until a line says `up`. The guard answers each with a line on standard output.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_LOOK_EVERY = 0.5
_GRACE_SECONDS = 10


def main() -> int:
    """Run until there is a reason to stop; then leave no process and no file."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    parent = os.getppid()
    children = [_start(program, spec) for program in spec["programs"]]
    is_down = False
    try:
        while os.getppid() == parent and all(child.poll() is None for child in children[: -1 if is_down else None]):
            order = _order()
            if order is None:
                break
            if order:
                is_down = order.startswith("down ")
                if order != "up":
                    _end(children[-1], signal.Signals[order.removeprefix("down ")])
                if not is_down:
                    children[-1] = _start(spec["programs"][-1], spec)
                os.write(1, b"done\n")
        failed = any(child.poll() is not None for child in children)
    finally:
        _stop(children, signal.Signals[spec["stop"]])
        if spec["folder"]:
            shutil.rmtree(spec["folder"], ignore_errors=True)
    return int(failed)


def _start(program: list[str], spec: dict[str, Any]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program,
        env=spec["environment"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd=Path(spec["environment"]["HOME"]),
        start_new_session=True,
        **spec["identity"],
    )


def _order() -> str | None:
    """Wait a moment; return what was asked on standard input, nothing, or None once its other end is closed."""
    try:
        ready, _, _ = select.select([0], [], [], _LOOK_EVERY)
        line = os.read(0, 64) if ready else b"\n"
    except OSError:
        return None
    return line.decode("ascii").strip() if line else None


def _stop(children: list[subprocess.Popen[bytes]], gentle: signal.Signals) -> None:
    _end(children[-1], gentle)
    for child in reversed(children[:-1]):
        _end(child, signal.SIGKILL)


def _end(child: subprocess.Popen[bytes], by: signal.Signals) -> None:
    # Each child leads a group of its own, so this reaches what it started, too: RabbitMQ's is a script that waits.
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    raise SystemExit(main())
