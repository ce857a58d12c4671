"""The health check of a container says in one line what is wrong, and gives up in time."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.workbench.container_health import what_is_wrong
from shared.kernel.environment import FaultySettings
from tests.support.processes import free_port


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def figures() -> Iterator[int]:
    """Serve a page like a process that turns; gives its port."""
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def environment(port: int) -> dict[str, str]:
    return {
        "BANYAN_SERVICE": "governance",
        "BANYAN_METRICS_PORT": str(port),
        "BANYAN_AMQP_URL": f"amqp://nobody:nothing@127.0.0.1:{free_port()}/",
    }


def test_a_process_that_shows_no_figures_is_ill() -> None:
    assert "shows no figures" in (what_is_wrong(environment(free_port())) or "")


def test_a_service_that_nobody_reaches_over_the_bus_is_ill_though_its_process_turns(figures: int) -> None:
    assert (what_is_wrong(environment(figures)) or "").startswith("unavailable: ")


def test_a_container_must_say_which_service_it_runs() -> None:
    assert "BANYAN_SERVICE" in (what_is_wrong({}) or "")


def test_faulty_settings_are_told() -> None:
    with pytest.raises(FaultySettings):
        what_is_wrong({"BANYAN_SERVICE": "governance", "BANYAN_AMQP_URL": "http://x"})
