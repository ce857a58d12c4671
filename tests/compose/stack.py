"""The stack of docker-compose.yml under an engine of our own: started, watched, driven and hurt."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from services.workbench.registry import SERVICES
from tests.compose.building import IMAGES, ROOT, VERSION
from tests.compose.engine import EngineError, docker_command, run
from tests.support.calm import QUORUM_SECONDS, QUORUM_TICK_MS, Calm

_FILES = (ROOT / "docker-compose.yml", Path(__file__).with_name("rehearsal.yml"))
_TLS = ROOT / "docker-compose.tls.yml"
# The management's figures are of the moment only where nobody gathers statistics.
_BROKER = "management_agent.disable_metrics_collector = true\n"
_SETTLE_SECONDS = 180


class Stack:
    """One project of Compose; `environment` is what its commands need to find the engine."""

    def __init__(self, environment: Mapping[str, str], folder: Path, now: datetime) -> None:
        """Write .env with secrets of its own, and the clock."""
        self.folder, self._docker = folder, docker_command()
        self._compose = Path(sys.executable).with_name("docker-compose")
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "clock").mkdir(parents=True)
        (folder / "rabbitmq.conf").write_text(_BROKER, "ascii")
        plain = {name: value for name, value in environment.items() if not name.startswith("BANYAN_")}
        run([str(ROOT / "scripts" / "make_env"), str(ROOT / ".env.example"), str(folder / ".env")], plain)
        self.secrets = self._read_secrets()
        self._environment = {
            **plain,
            **IMAGES,
            "BANYAN_VERSION": VERSION,
            "COMPOSE_PROJECT_NAME": "banyan-trial",
            "REHEARSAL_FOLDER": str(folder),
            "REHEARSAL_TICK_MS": str(QUORUM_TICK_MS),
            "BANYAN_TLS_DIR": str(folder / "tls"),
        }
        self.docker_host = environment["DOCKER_HOST"]
        self.uses_tls = False
        self.move_clock(now)

    @property
    def environment(self) -> dict[str, str]:
        """What commands run with that are given no files of this stack's own."""
        return {name: value for name, value in self._environment.items() if not name.startswith("REHEARSAL_")}

    @contextmanager
    def told(self, **settings: str) -> Iterator[None]:
        """Start containers with other settings than those of .env, for as long as the block lasts."""
        before = dict(self._environment)
        self._environment |= settings
        try:
            yield
        finally:
            self._environment = before

    def compose(self, *arguments: str, seconds: float = 600) -> str:
        """Run a command of Compose; raises EngineError with what it said."""
        files = [*_FILES, *([_TLS] if self.uses_tls else [])]
        named = [part for file in files for part in ("--file", str(file))]
        command = [
            str(self._compose),
            "--project-directory",
            str(ROOT),
            "--env-file",
            str(self.folder / ".env"),
            *named,
        ]
        return run([*command, *arguments], self._environment, seconds=seconds)

    def docker(self, *arguments: str) -> str:
        """Run a command of docker; raises EngineError with what it said."""
        return run([self._docker, *arguments], self._environment)

    def up(self, *arguments: str) -> None:
        """Start what is named (everything by default) and wait until it is healthy."""
        self.compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "300", *arguments)

    def amqp_url(self, user: str = "operator") -> str:
        """Return how a user reaches the broker from this machine."""
        name = user if user == "integrator" else f"banyan_{user}"
        secret = self.secrets[f"BANYAN_AMQP_PASSWORD_{user.upper()}"]
        if self.uses_tls:
            return f"amqps://{name}:{secret}@localhost:5671/banyan?cafile={self.folder / 'tls' / 'ca.pem'}"
        return f"amqp://{name}:{secret}@127.0.0.1:5672/banyan"

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """Return what the engine knows of the containers of a service, or of all, stopped ones included."""
        ids = self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", *ids)) if ids else []
        return found

    def strike(self, service: str) -> int:
        """Kill the first container of a service as a crash would, so that its policy restarts it; return its PID."""
        pid = int(self.containers(service)[0]["State"]["Pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_back(self, service: str, struck: int) -> bool:
        """Tell whether a struck container runs again, under another PID."""
        state = self.containers(service)[0]["State"]
        return bool(state["Running"]) and state["Pid"] not in {0, struck}

    def query(self, service: str, statement: str) -> list[list[str]]:
        """Read a service's database, as text."""
        told = self._psql("-d", f"banyan_{service}", "-c", statement)
        return [line.split("|") for line in told.splitlines()]

    def move_clock(self, moment: datetime) -> None:
        """Set the time all services see."""
        partial = self.folder / "clock" / "partial"
        partial.write_text(moment.isoformat(), "ascii")
        partial.chmod(0o644)
        partial.replace(partial.with_name("now"))

    def settle(self, seconds: float = _SETTLE_SECONDS, *, besides: tuple[str, ...] = ()) -> None:
        """Wait until every queue is empty, no message is unacknowledged and every outbox is published."""

        def in_flight() -> list[str]:
            return [name for name in self.backlog() if not name.startswith(besides)]

        wait_until(Calm(in_flight, QUORUM_SECONDS), seconds, lambda: f"still in flight: {self.backlog()}")

    def backlog(self) -> dict[str, int]:
        """Return what is in flight: messages per queue (dead letters too), unpublished events per service."""
        try:
            return self._queues() | self._outboxes()
        except (httpx.HTTPError, EngineError) as fault:
            return {f"unknown, {fault}": 1}

    def _queues(self) -> dict[str, int]:
        secret = self.secrets["BANYAN_AMQP_PASSWORD_ADMIN"]
        with httpx.Client(auth=("banyan_admin", secret), timeout=10, trust_env=False) as client:
            answer = client.get("http://127.0.0.1:15672/api/queues/banyan?columns=name,messages").raise_for_status()
        counts = {queue["name"]: int(queue.get("messages") or 0) for queue in answer.json()}
        return {name: count for name, count in counts.items() if count}

    def _outboxes(self) -> dict[str, int]:
        asked = [
            part
            for name in SERVICES
            for part in ("-c", f"\\connect banyan_{name}", "-c", "SELECT count(*) FROM outbox")
        ]
        told = self._psql("-q", *asked).split()
        return {f"outbox of {name}": int(count) for name, count in zip(SERVICES, told, strict=True) if int(count)}

    def _psql(self, *arguments: str) -> str:
        return self.compose("exec", "-T", "postgres", "psql", "-U", "postgres", "-At", *arguments)

    def _read_secrets(self) -> dict[str, str]:
        lines = (self.folder / ".env").read_text("utf-8").splitlines()
        pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
        return dict(pairs)


def wait_until(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str]) -> float:
    """Wait for a condition; return how many seconds that took. Raises TimeoutError with the complaint."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise TimeoutError(complaint())
        time.sleep(0.2)
    return time.monotonic() - begun
