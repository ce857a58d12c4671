"""What private servers have in common: a free port, a folder, a guarded process, waiting until it answers."""

import contextlib
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

_GUARD = Path(__file__).with_name("guard.py")
# Below the range from which systems hand out ports for outgoing connections, so that none of those takes ours.
_PORTS = range(20_000, 32_000)
_LOG_LINES = 25

Server = TypeVar("Server")


class MissingServerError(RuntimeError):
    """A server can neither be found nor started; the message says what to install."""


class StartError(RuntimeError):
    """A server's programs are there but it did not come up; the message ends with its log."""


class Guarded:
    """Programs under a guard (see guard.py) with a folder of their own."""

    def __init__(
        self,
        folder: Path,
        programs: Sequence[Sequence[str]],
        environment: Mapping[str, str],
        *,
        user: str | None,
        stop: str,
    ) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        spec = {
            "programs": [list(program) for program in programs],
            "environment": dict(environment),
            "identity": identity(user),
            "stop": stop,
            "folder": str(folder),
        }
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, str(_GUARD), json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def wait_until(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Return once `answers()` holds; raises StartError if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        tail = ""
        while not answers():
            tail = self._tail() or tail
            if self._guard.poll() is not None or time.monotonic() > deadline:
                self.stop()
                msg = f"a private server did not start within {seconds:.0f} s; the end of its log:\n{tail}"
                raise StartError(msg)
            time.sleep(0.05)

    def restart(self, by: str, answers: Callable[[], bool], *, seconds: float) -> None:
        """End the last program by a signal, as hard as that is, start it again on the same folder and await it."""
        self._order(by)
        self.wait_until(answers, seconds=seconds)

    def down(self, by: str) -> None:
        """End the last program by a signal; its folder stays, for `up`."""
        self._order(f"down {by}")

    def up(self, answers: Callable[[], bool], *, seconds: float) -> None:
        """Start the last program again after `down`, and await it."""
        self._order("up")
        self.wait_until(answers, seconds=seconds)

    def stop(self) -> None:
        """End the programs and delete their folder."""
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe and not pipe.closed:
                pipe.close()
        self._guard.wait(30)

    def _order(self, order: str) -> None:
        if self._guard.stdin is None or self._guard.stdout is None:
            raise StartError("the guard cannot be spoken to")
        self._guard.stdin.write(f"{order}\n".encode())
        self._guard.stdin.flush()
        self._guard.stdout.readline()

    def _tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        except OSError:
            return ""


def free_port() -> int:
    """Return a port of this machine that nobody listens on; chosen by chance so that sessions rarely meet."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def server_user(name: str) -> str | None:
    """Return whom a server should run as: a root process hands it to `name` (or nobody), anyone else runs it."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return "nobody"


def identity(user: str | None) -> dict[str, Any]:
    """Return what subprocess needs to run a program as `user`."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def make_folder(prefix: str, user: str | None) -> Path:
    """Make a private folder in the system's place for temporary files, owned by `user`."""
    folder = Path(tempfile.mkdtemp(prefix=f"banyan-{prefix}-"))
    give(folder, user)
    return folder


def give(path: Path, user: str | None) -> None:
    """Hand a file or folder to `user`, if we are to run a server as somebody else."""
    if user:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def start_again(start: Callable[[], Server], *, attempts: int = 3) -> Server:
    """Call `start` until it succeeds: somebody else may take a free port before the server does."""
    for _ in range(attempts - 1):
        with contextlib.suppress(StartError):
            return start()
    return start()
