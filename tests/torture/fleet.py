"""The processes of a run: governance as it is deployed, and clients; what ends is started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_CLI = (sys.executable, "-m", "services.workbench.cli.main")
_NAIVE = (sys.executable, "-m", "tests.torture.naive")
_START_SECONDS = 120
_STOP_SECONDS = 20
_PAUSE = 0.5
_READY = b"banyan ready:"


class Child:
    """A process that is to run until it is done or stopped."""

    def __init__(self, name: str, command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
        self.name, self._command, self._log = name, command, log
        self.environment = dict(environment)
        self.not_before = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it; what it says is added to its log."""
        with self._log.open("ab") as log:
            self._begun_at = log.tell()
            self.process = subprocess.Popen(
                self._command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.process.poll() if self.process else -1

    @property
    def is_ready(self) -> bool:
        """Whether it has said so since it was last started."""
        with self._log.open("rb") as log:
            log.seek(self._begun_at)
            return _READY in log.read()

    def kill(self) -> None:
        """End it with SIGKILL, in the middle of whatever it does."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and see to it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


class Fleet:
    """Services and clients."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, is_naive: bool) -> None:
        self._folder = folder
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("BANYAN_")},
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self._serve = (*(_NAIVE if is_naive else _CLI), "serve", "governance")
        self.open_gate(0.0)
        self.services: list[Child] = []
        self.clients: list[Child] = []
        self.ended: Counter[str] = Counter()
        """Processes that ended although nobody struck them."""

    def migrate(self) -> None:
        """Make the tables."""
        subprocess.run([*_CLI, "migrate", "governance"], env=self._environment, cwd=ROOT, check=True, stdout=2)

    def start_service(self, skew: int) -> None:
        """Start one more replica of governance with a clock that is ahead by so many seconds."""
        name = f"governance-{len(self.services)}"
        environment = self._environment | {"BANYAN_CLOCK": f"skewed;{skew:+d}"}
        self.services.append(Child(name, self._serve, environment, self._folder / f"{name}.log"))

    def start_client(self, settings: Mapping[str, Any]) -> None:
        """Start one more client."""
        number = len(self.clients)
        path = self._folder / f"client-{number}.json"
        mine = {
            **settings,
            "client": number,
            "log": str(self.log_of(number)),
            "progress": str(self._folder / f"client-{number}.progress"),
            "gate": str(self._folder / "gate"),
        }
        path.write_text(json.dumps(mine), "utf-8")
        command = (sys.executable, "-m", "tests.torture.client", str(path))
        self.clients.append(Child(f"client-{number}", command, self._environment, path.with_suffix(".err")))

    def await_services(self) -> None:
        """Wait until all replicas serve; raises TimeoutError naming one that does not."""
        deadline = time.monotonic() + _START_SECONDS
        for one in self.services:
            while not one.is_ready:
                if time.monotonic() > deadline or one.code is not None:
                    raise TimeoutError(
                        f"{one.name} does not serve (exit code {one.code}); its log is in {self._folder}"
                    )
                time.sleep(_PAUSE / 5)

    def open_gate(self, part: float) -> None:
        """Let clients ask for this part of their share, and no more for the time being."""
        partial = self._folder / "gate.partial"
        partial.write_text(str(part), "ascii")
        partial.replace(self._folder / "gate")

    def log_of(self, client: int) -> Path:
        """Return where a client writes its log."""
        return self._folder / f"client-{client}.log"

    def strike_service(self, number: int, skew: int) -> None:
        """Kill a replica and start it again with another clock."""
        one = self.services[number % len(self.services)]
        one.kill()
        one.environment["BANYAN_CLOCK"] = f"skewed;{skew:+d}"
        one.start()

    def is_ready(self, service: int) -> bool:
        """Tell whether a replica serves."""
        return self.services[service % len(self.services)].is_ready

    def strike_client(self, number: int) -> bool:
        """Kill a client and start it again; False when it had finished already."""
        one = self.clients[number % len(self.clients)]
        if one.code is not None:
            return False
        one.kill()
        one.start()
        return True

    def strike_relay(self, number: int) -> bool:
        """Kill a replica's outbox relay (or the next one's), which has to be started again; False when none runs."""
        wanted = number % len(self.services)
        order = [one.process.pid for one in (*self.services[wanted:], *self.services[:wanted]) if one.process]
        relays: dict[int, int] = {}
        listed = subprocess.run(("ps", "-A", "-o", "pid=,ppid=,args="), capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, parent, arguments = line.split(None, 2)
            if "relay_process" in arguments:
                relays[int(parent)] = int(pid)
        for parent_pid in order:
            if parent_pid in relays:
                os.kill(relays[parent_pid], signal.SIGKILL)
                return True
        return False

    def keep_alive(self) -> None:
        """Start again what ended by itself; a client that finished stays finished."""
        now = time.monotonic()
        for one in (*self.services, *self.clients):
            if one.code is None or (one.code == 0 and one in self.clients):
                one.not_before = 0.0
            elif one.not_before == 0.0:
                self.ended[f"{one.name} with {one.code}"] += 1
                one.not_before = now + _PAUSE
            elif now >= one.not_before:
                one.start()

    def answered(self) -> int:
        """Return how many requests have been answered."""
        return sum(int(self._progress(number).get("answered", 0)) for number in range(len(self.clients)))

    def is_done(self) -> bool:
        """Tell whether every client has finished."""
        return all(one.code == 0 for one in self.clients)

    def stop(self) -> None:
        """Stop everything."""
        for one in (*self.clients, *self.services):
            one.stop()

    def _progress(self, number: int) -> dict[str, Any]:
        try:
            return dict(json.loads((self._folder / f"client-{number}.progress").read_text("ascii")))
        except (OSError, ValueError):
            return {}
