"""A client of the sandbox's own controls, over HTTP with the standard library."""

import http.client
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from services.workbench.sandbox.behaviour import Behaviour, System
from shared.kernel.faults import InvalidRequest, RemoteFault, Unavailable

_SECONDS = 5.0
_OK = 200
T = TypeVar("T")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders and messages stand in which state, and how every system behaves."""

    counts: dict[str, dict[str, int]]
    behaviours: dict[str, Behaviour]


class SandboxUnavailable(Unavailable):
    """No sandbox answers at that address."""

    code = "sandbox_unavailable"


class Control:
    """Asks a running sandbox; every call waits at most five seconds."""

    def __init__(self, url: str) -> None:
        """Prepare; raises InvalidRequest where the address is no http URL."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise InvalidRequest(f"{url!r} is no http:// address", details={"field": "url"})
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname, parts.port or 80
        self._path = parts.path.rstrip("/")

    def health(self) -> None:
        """Return when the sandbox answers; raises SandboxUnavailable."""
        self._ask("GET", "/health")

    def state(self) -> State:
        """Return counts and behaviours."""
        return msgspec.convert(self._ask("GET", "/control/state"), State)

    def rows(self, kind: str, *, only: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Return the newest orders, messages or calls; `only` names one."""
        answer = self._ask("GET", f"/control/{kind}?{urlencode({'only': only, 'limit': limit})}")
        return msgspec.convert(answer[kind], list[dict[str, Any]])

    def behave(self, system: System, behaviour: Behaviour) -> Behaviour:
        """Let a system behave so from now on."""
        answer = self._ask("PUT", f"/control/behaviour/{quote(system)}", msgspec.json.encode(behaviour))
        return msgspec.convert(answer, Behaviour)

    def flush(self) -> int:
        """Carry out now what was repeated or put aside; return how many requests."""
        return msgspec.convert(self._ask("POST", "/control/flush")["carried_out"], int)

    def forget(self) -> None:
        """Forget orders, messages, calls and behaviours."""
        self._ask("POST", "/control/forget")

    def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, self._path + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = msgspec.json.decode(response.read(), type=dict[str, Any])
        except (OSError, http.client.HTTPException, msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise SandboxUnavailable(f"no sandbox answers at {self.url}: {fault}") from None
        finally:
            connection.close()
        if response.status != _OK:
            raise RemoteFault(str(answer.get("error")), str(answer.get("message")))
        return answer
