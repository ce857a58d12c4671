"""The broker comes late, or goes away for a while: services wait and come back by themselves."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from shared.messaging.roll_call_asking import call_roll
from shared.messaging.settings import BusSettings

pytestmark = pytest.mark.servers
Serve = Callable[..., "subprocess.Popen[str]"]


class Wire:
    """A TCP line to the broker that a test can plug and cut."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.listener: socket.socket | None = None
        self.ends: list[socket.socket] = []

    def plug(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        if self.listener is not None:
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
                self.ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(amqp_url: str) -> Iterator[Wire]:
    parts = urlsplit(amqp_url)
    line = Wire((parts.hostname or "127.0.0.1", parts.port or 5672))
    yield line
    line.cut()


def through(wire: Wire, amqp_url: str) -> str:
    return amqp_url.replace(f":{wire.target[1]}/", f":{wire.port}/")


def answers(client: BanyanClient, seconds: float) -> bool:
    """Whether the asker, who needs the echo, answers within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(Fault):
            return bool(client.call("asker", "ask", timeout=5, texts=["x"]) == ["x"])
        time.sleep(0.2)
    return False


def are_on_the_roll(containers: list[str], amqp_url: str, seconds: float) -> bool:
    """Whether every one of these containers answers the roll call within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        present = call_roll(BusSettings(amqp_url=amqp_url), containers).present
        if [one.container for one in present] == containers:
            return True
        time.sleep(0.2)
    return False


def test_a_service_waits_for_a_broker_that_comes_late(
    serve: Serve, client: BanyanClient, wire: Wire, amqp_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    def plug_once_it_is_missed() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (log.exists() and "bus_unreachable" in log.read_text()):
            time.sleep(0.05)
        wire.plug()

    plugging = threading.Thread(target=plug_once_it_is_missed)
    plugging.start()
    serve("echo", "asker", BANYAN_AMQP_URL=through(wire, amqp_url))
    plugging.join()
    assert "bus_unreachable" in log.read_text()
    assert answers(client, 10)


def test_a_service_comes_back_after_its_connections_were_cut(
    serve: Serve, client: BanyanClient, wire: Wire, amqp_url: str
) -> None:
    wire.plug()
    process = serve("echo", "asker", BANYAN_AMQP_URL=through(wire, amqp_url))
    assert answers(client, 10)
    for _ in range(2):
        wire.cut()
        time.sleep(0.3)
        wire.plug()
        assert answers(client, 30)
        assert are_on_the_roll(["asker", "echo"], amqp_url, 30), "each listens with a queue that it declared again"
    assert process.poll() is None
