"""RabbitMQ's management where something else answers in its place."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from services.workbench.broker.management import Management
from shared.kernel.faults import Unavailable


class Page(BaseHTTPRequestHandler):
    """A page for people, as a proxy shows it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Please log in</html>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://operator:x@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_that_is_no_json_says_what_was_asked(page: str) -> None:
    with Management(page) as management, pytest.raises(Unavailable, match=r"GET /api/queues/banyan.* not in JSON"):
        management.queues("amqp://operator:x@localhost/banyan")
