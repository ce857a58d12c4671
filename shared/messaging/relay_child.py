"""The relay as a child process: pika stays out of the process that eventlet has patched."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

import structlog

from shared.messaging.settings import BusSettings
from shared.observability.bus_figures import relay_ends

_log = structlog.get_logger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_HEALTHY_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RelaySpec:
    """Which outbox to relay: the service's name without `_bulk`, and its database's SQLAlchemy URL."""

    service: str
    database_url: str = field(repr=False)


class RelayChild:
    """Keeps one relay process running; it ends by itself when this process does, since its stdin closes."""

    def __init__(self, spec: RelaySpec, settings: BusSettings) -> None:
        self._spec = spec
        self._environment = {
            **os.environ,
            "BANYAN_AMQP_URL": settings.amqp_url,
            "BANYAN_DATABASE_URL": spec.database_url,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = _FIRST_PAUSE
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """Process id of the running relay."""
        return self._process.pid if self._process else None

    def keep_alive(self) -> None:
        """Start the relay if it is not running; one that keeps crashing is started ever more slowly."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            relay_ends.labels(self._spec.service).inc()
            _log.error("relay_ended", service=self._spec.service, exit_code=self._process.returncode)
            self._pause = (
                _FIRST_PAUSE if now - self._started > _HEALTHY_SECONDS else min(self._pause * 2, _LONGEST_PAUSE)
            )
            self._not_before = now + self._pause
            self._process = None
        if self._process is None and now >= self._not_before:
            self._started = now
            command = [sys.executable, "-m", "shared.messaging.relay_process", self._spec.service]
            self._process = subprocess.Popen(command, env=self._environment, stdin=subprocess.PIPE)  # noqa: S603 - our own program

    def stop(self) -> None:
        """Let the relay finish its batch; kill it when it does not."""
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
