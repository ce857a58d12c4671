"""A Docker engine of our own: private data, private socket, gone with the process namespace it runs in."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support import debian

PROGRAMS = {
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
}
"""What is needed, and the Debian package that brings it."""
_START_SECONDS = 60
_STOP_SECONDS = 30
_FIRST_WITHOUT_BUILDKIT = 23  # from this release on the command needs its plugin buildx to build


class EngineError(RuntimeError):
    """The engine cannot be had, or a command of it failed; the message says why."""


def install_programs() -> None:
    """Install what is missing; raises EngineError where that cannot be."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing and not debian.may_install():
        raise EngineError(f"missing: {' '.join(missing)} (Debian's packages)")
    if missing:
        debian.install(missing)


def docker_command() -> str:
    """Return a `docker` that can build with BuildKit; raises EngineError."""
    for folder in ("/usr/bin", *os.get_exec_path()):
        command = shutil.which("docker", path=folder)
        if command and _can_build(command):
            return command
    raise EngineError("no docker command that can build: Debian's docker.io, or one with its plugin buildx")


@contextmanager
def running_engine(data: Path, *, is_networked: bool) -> Iterator[dict[str, str]]:
    """Run dockerd for as long as the block lasts; yield the environment its commands need.

    `is_networked`: builds share the network of the machine and containers get none; otherwise dockerd makes bridges
    and rules of its own, so it must be in a network namespace of its own.
    """
    for left in ("containers", "network"):  # of a run that was killed: dockerd would start them again by their policies
        shutil.rmtree(data / left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="banyan-docker-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "DOCKER_HOST": f"unix://{folder}/docker.sock", "DOCKER_BUILDKIT": "1"}
        with Path(data.parent, "dockerd.log").open("wb") as log:
            daemon = subprocess.Popen(
                _daemon(data, Path(folder), is_networked=is_networked),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                _await(daemon, environment, Path(log.name))
                yield environment
            finally:
                daemon.terminate()
                try:
                    daemon.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    daemon.kill()


def _daemon(data: Path, folder: Path, *, is_networked: bool) -> list[str]:
    places = {
        "data-root": data,
        "exec-root": folder / "exec",
        "pidfile": folder / "pid",
        "host": f"unix://{folder}/docker.sock",
    }
    command = ["dockerd", *(f"--{name}={value}" for name, value in places.items())]
    return [*command, "--bridge=none", "--iptables=false", "--ip-forward=false"] if is_networked else command


def _await(daemon: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    command = [docker_command(), "version"]
    while subprocess.run(command, env=environment, capture_output=True, check=False).returncode:
        if daemon.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
            raise EngineError(f"dockerd did not start:\n{tail}")
        time.sleep(0.2)


def _can_build(command: str) -> bool:
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
    release = told.removeprefix("Docker version ").split(".", maxsplit=1)[0]
    if release.isdigit() and int(release) < _FIRST_WITHOUT_BUILDKIT:
        return True
    return subprocess.run([command, "buildx", "version"], capture_output=True, check=False).returncode == 0


def run(command: Sequence[str], environment: dict[str, str], *, seconds: float = 900) -> str:
    """Return what a command wrote; raises EngineError with the end of what it said."""
    done = subprocess.run(
        list(command),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise EngineError(f"{' '.join(command[:6])} … ended with {done.returncode}:\n{said}")
    return done.stdout
