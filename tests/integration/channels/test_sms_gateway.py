"""The HTTP gateway adapter against a real HTTP server that misbehaves in every way."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from services.channels.adapters.sms_http import HttpSmsGateway
from services.channels.application.ports import SmsMessage, Submission


@dataclass
class Script:
    """What the server does: `replies` in turn (the last one for ever); what it was asked."""

    replies: list[Any] = field(default_factory=lambda: ["accept"])
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    """Ids the gateway has really sent: it knows one it has seen."""

    def next(self) -> Any:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.script.requests.append(body)
        self.script.keys.append(self.headers["Idempotency-Key"])
        reply = self.script.next()
        ids = [message["id"] for message in body["messages"]]
        if reply == "slow":
            self.script.sent.update(ids)
            time.sleep(0.6)
            self._answer(200, b'{"results": []}')
        elif reply == "accept":
            self.script.sent.update(ids)
            self._answer(200, json.dumps({"results": [{"id": name, "status": "accepted"} for name in ids]}).encode())
        elif isinstance(reply, int):
            self._answer(reply, b"{}")
        elif isinstance(reply, bytes):
            self._answer(200, reply)
        else:
            self.close_connection = True

    def _answer(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client has given up waiting

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[tuple[str, Script]]:
    script = Script()
    handler = type("Handler", (_Handler,), {"script": script})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}/sms/", script
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def gateway(server: tuple[str, Script], pauses: list[float]) -> Iterator[HttpSmsGateway]:
    opened = HttpSmsGateway(server[0], timeout=httpx.Timeout(0.3), sleep=pauses.append)
    yield opened
    opened.close()


def _messages(*names: str) -> list[SmsMessage]:
    return [SmsMessage(name, f"customer-{name}", "您好") for name in names]


def _unsure(name: str) -> Submission:
    return Submission(name, is_accepted=False, may_have_arrived=True)


def test_accepted_messages_go_out_in_one_request_with_their_ids(
    server: tuple[str, Script], gateway: HttpSmsGateway
) -> None:
    _, script = server
    assert gateway.submit(_messages("a", "b")) == [Submission("a", is_accepted=True), Submission("b", is_accepted=True)]
    assert script.requests == [
        {
            "messages": [
                {"id": "a", "to": "customer-a", "text": "您好"},
                {"id": "b", "to": "customer-b", "text": "您好"},
            ]
        }
    ]


def test_many_messages_are_cut_into_requests(server: tuple[str, Script], gateway: HttpSmsGateway) -> None:
    _, script = server
    names = [f"m{number}" for number in range(250)]
    assert [done.message_id for done in gateway.submit(_messages(*names))] == names
    assert [len(request["messages"]) for request in script.requests] == [100, 100, 50]


def test_a_broken_gateway_is_asked_three_times_with_the_same_key(
    server: tuple[str, Script], gateway: HttpSmsGateway, pauses: list[float]
) -> None:
    _, script = server
    script.replies = [500]
    assert gateway.submit(_messages("a")) == [_unsure("a")]
    assert len(script.requests) == 3
    assert len(set(script.keys)) == 1
    assert pauses == [0.4, 0.8]


def test_a_gateway_that_recovers_has_the_message_once(server: tuple[str, Script], gateway: HttpSmsGateway) -> None:
    _, script = server
    script.replies = [503, "accept"]
    assert gateway.submit(_messages("a")) == [Submission("a", is_accepted=True)]


def test_a_gateway_that_does_not_answer_in_time_may_have_sent(
    server: tuple[str, Script], gateway: HttpSmsGateway
) -> None:
    _, script = server
    script.replies = ["slow"]
    assert gateway.submit(_messages("a")) == [_unsure("a")]
    assert script.sent == {"a"}, "tried again, the gateway knows the id"


def test_a_connection_cut_after_the_request_may_have_sent(server: tuple[str, Script], gateway: HttpSmsGateway) -> None:
    server[1].replies = ["cut"]
    assert gateway.submit(_messages("a")) == [_unsure("a")]


def test_a_gateway_nobody_can_reach_has_sent_nothing(pauses: list[float]) -> None:
    nowhere = HttpSmsGateway("http://127.0.0.1:9", sleep=pauses.append)
    assert nowhere.submit(_messages("a")) == [Submission("a", is_accepted=False)]
    nowhere.close()


def test_a_gateway_that_asks_for_patience_has_sent_nothing(server: tuple[str, Script], gateway: HttpSmsGateway) -> None:
    server[1].replies = [429]
    assert gateway.submit(_messages("a")) == [Submission("a", is_accepted=False)]


def test_a_request_refused_as_a_whole_is_not_repeated_and_condemns_no_message(
    server: tuple[str, Script], gateway: HttpSmsGateway
) -> None:
    server[1].replies = [401]
    [done] = gateway.submit(_messages("a"))
    assert (done.is_accepted, done.is_final, done.may_have_arrived) == (False, False, False)
    assert len(server[1].requests) == 1


def test_a_rejected_message_is_final_and_one_the_reply_leaves_out_may_have_been_sent(
    server: tuple[str, Script], gateway: HttpSmsGateway
) -> None:
    results = [{"id": "a", "status": "rejected", "reason": "no such number"}, {"id": "z", "status": "accepted"}]
    server[1].replies = [json.dumps({"results": results, "extra": 1}).encode()]
    assert gateway.submit(_messages("a", "b")) == [
        Submission("a", is_accepted=False, reason="no such number", is_final=True),
        _unsure("b"),
    ]


@pytest.mark.parametrize("body", [b"<html>", b'{"results": 3}', b'{"results": [{"id": "a", "status": "maybe"}]}', b""])
def test_a_reply_nobody_understands_means_it_may_have_been_sent(
    server: tuple[str, Script], gateway: HttpSmsGateway, body: bytes
) -> None:
    server[1].replies = [body]
    assert gateway.submit(_messages("a")) == [_unsure("a")]


def test_contradictory_or_unknown_results_mean_it_may_have_been_sent_and_harm_no_other(
    server: tuple[str, Script], gateway: HttpSmsGateway
) -> None:
    rows = [("a", "accepted"), ("a", "rejected"), ("b", "queued"), ("c", "accepted"), ("c", "accepted")]
    results = [{"id": name, "status": status, "reason": None} for name, status in rows]
    server[1].replies = [json.dumps({"results": [*results, 7, {"id": 3}]}).encode()]
    assert gateway.submit(_messages("a", "b", "c")) == [_unsure("a"), _unsure("b"), Submission("c", is_accepted=True)]


@pytest.mark.parametrize("body", [b'{"results": [{"id": "\xff"}]}', b'{"x": ' + b"[" * 100_000, b" " * 1_000_001])
def test_a_hostile_reply_means_it_may_have_been_sent(
    server: tuple[str, Script], gateway: HttpSmsGateway, body: bytes
) -> None:
    server[1].replies = [body]
    assert gateway.submit(_messages("a")) == [_unsure("a")]
