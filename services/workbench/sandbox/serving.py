"""The sandbox's HTTP server: the operator's systems, the controls, and a page for a person."""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

import msgspec

from services.workbench.sandbox.behaviour import SYSTEMS, Behaviour, System
from services.workbench.sandbox.book import Book
from services.workbench.sandbox.page import page_of
from services.workbench.sandbox.play import Play, Reply, What
from services.workbench.sandbox.requests import MOST_BYTES
from shared.kernel.faults import Fault, InvalidRequest, NotFound

_LOG = logging.getLogger(__name__)
_SWEEP_SECONDS = 0.5
_SOCKET_SECONDS = 30.0
_MOST_ROWS = 1_000
_PLAYED = re.compile(r"/(crm|ismp)/(orders|cancellations)|/(sms)/(messages)")
_STATUS = {"not_found": 404, "too_large": 413}


class Sandbox:
    """Serves from a background thread until it is closed; `url` is where."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, state: str = ":memory:") -> None:
        """Listen; port 0 takes a free one. Raises OSError where the port is taken."""
        self._stopping = threading.Event()
        self.play = Play(Book(state), wait=self._stopping.wait)
        self._server = _Server((host, port), self.play)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True),
            threading.Thread(target=self._sweep, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host, port = self._server.server_address[:2]
        shown = "127.0.0.1" if str(host) in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        return f"http://{shown!s}:{port}"

    def close(self) -> None:
        """Stop at once; answers that are late are given now."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        self.play.book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_SECONDS):
            self.play.sweep()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Threads that wait for a client to speak would hold up the end; each has a time-out of its own.
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], play: Play) -> None:
        self.play = play
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's signature
        del request
        _LOG.warning("a connection from %s ended in a fault", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "banyan-sandbox"
    timeout = _SOCKET_SECONDS
    disable_nagle_algorithm = True  # head and body are two writes; together they cost 40 ms otherwise

    def do_GET(self) -> None:
        self._answer(lambda _: _get(self._play, self.path))

    def do_POST(self) -> None:
        self._answer(lambda body: _post(self._play, self.path, body, self.headers.get("Idempotency-Key", "")))

    def do_PUT(self) -> None:
        self._answer(lambda body: _put(self._play, self.path, body))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's signature
        """Keep quiet: every call stands in the book."""

    @property
    def _play(self) -> Play:
        return cast("_Server", self.server).play

    def _answer(self, act: Callable[[bytes], Reply]) -> None:
        try:
            reply = act(self._body())
        except Fault as fault:
            self.close_connection = fault.code == "too_large"  # what was not read would be taken for the next request
            body = {"error": fault.code, "message": fault.message}
            reply = Reply(_STATUS.get(fault.code, 400), msgspec.json.encode(body))
        with suppress(OSError):  # who asked has given up waiting
            self._send(reply)

    def _body(self) -> bytes:
        told = self.headers.get("Content-Length") or "0"
        if not told.isdecimal() or int(told) > MOST_BYTES or self.headers.get("Transfer-Encoding"):
            raise _TooLarge(f"a request has a Content-Length, of at most {MOST_BYTES} bytes")
        return self.rfile.read(int(told))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status, HTTPStatus(reply.status).phrase)
        self.send_header("Content-Type", f"{reply.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if reply.is_cut:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(reply.body)


class _TooLarge(InvalidRequest):
    code = "too_large"


def _get(play: Play, address: str) -> Reply:
    parts = urlsplit(address)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    match parts.path:
        case "/health":
            return _json({"status": "ok"})
        case "/":
            return Reply(200, page_of(play.book).encode(), kind="text/html")
        case "/control/state":
            return _json({"counts": play.book.counts(), "behaviours": behaviours(play.book)})
        case "/control/orders" | "/control/messages" | "/control/calls":
            kind = parts.path.rsplit("/", 1)[1]
            return _json({kind: play.book.rows(kind, only=asked.get("only", ""), limit=_limit(asked))})
    raise _nothing_at(address)


def _post(play: Play, address: str, body: bytes, key: str) -> Reply:
    path = urlsplit(address).path
    if found := _PLAYED.fullmatch(path):
        system, what = (part for part in found.groups() if part)
        return play.answer(cast("System", system), cast("What", what), body, key)
    match path:
        case "/control/flush":
            return _json({"carried_out": play.flush()})
        case "/control/forget":
            play.book.forget()
            return _json({"forgotten": True})
    raise _nothing_at(address)


def _put(play: Play, address: str, body: bytes) -> Reply:
    path = urlsplit(address).path
    system = next((each for each in SYSTEMS if path == f"/control/behaviour/{each}"), None)
    if system is None:
        raise _nothing_at(address)
    try:
        behaviour = msgspec.json.decode(body, type=Behaviour)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise InvalidRequest(str(fault)) from None
    play.behave(system, behaviour)
    return _json(behaviour)


def behaviours(book: Book) -> Mapping[str, Behaviour]:
    """Return how every system behaves."""
    return {system: book.behaviour(system) for system in SYSTEMS}


def _limit(asked: Mapping[str, str]) -> int:
    told = asked.get("limit", "100")
    if not told.isdecimal() or not 1 <= int(told) <= _MOST_ROWS:
        raise InvalidRequest(f"limit must be 1 to {_MOST_ROWS}", details={"field": "limit"})
    return int(told)


def _json(value: object) -> Reply:
    return Reply(200, msgspec.json.encode(value))


def _nothing_at(address: str) -> NotFound:
    return NotFound(f"there is nothing at {urlsplit(address).path}")
