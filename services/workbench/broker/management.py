"""RabbitMQ's management API, as far as setting a broker up and looking at its queues needs it."""

from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import httpx

from shared.kernel.environment import FaultySettings
from shared.kernel.faults import NotAllowed, Unavailable

_SECONDS = 30.0
_MAY_NOT = (401, 403)
_NOT_FOUND = 404


class Management:
    """One broker's API; no call waits longer than `seconds`. Raises Unavailable, NotAllowed for a user who may not."""

    def __init__(self, url: str, cafile: str | None = None, seconds: float = _SECONDS) -> None:
        """Take `http(s)://user:password@host:15672`; `cafile` holds the authority that signed an https server."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.username:
            message = "BANYAN_RABBITMQ_API must be http(s)://user:password@host:15672"
            raise FaultySettings(message, details={"faults": [message]})
        self._client = httpx.Client(base_url=url, timeout=seconds, trust_env=False, verify=cafile or True)

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Return the decoded answer, None for an empty one and for what is not there."""
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as fault:
            raise Unavailable(f"the broker's management cannot be reached: {fault!r}") from None
        if answer.status_code in _MAY_NOT:
            raise NotAllowed("the broker's management does not let this user in: is it banyan_admin?")
        if answer.status_code == _NOT_FOUND and method in {"GET", "DELETE"}:
            return None
        if answer.is_error:
            raise Unavailable(f"the broker refused {method} {path}: {answer.text[:500]}")
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise Unavailable(f"{method} {path} is answered, but not in JSON: is this RabbitMQ's management?") from None

    def definitions(self) -> dict[str, Any]:
        """Return everything the broker is set up with."""
        found: dict[str, Any] = self.ask("GET", "/api/definitions")
        return found

    def queues(self, amqp_url: str) -> list[dict[str, Any]]:
        """Return name, messages and consumers of each queue of the address's virtual host.

        `messages` also counts those being worked on. Both figures are missing where the broker keeps no statistics:
        they can be switched off, and a queue has none in its first seconds.
        """
        vhost = quote(unquote(urlsplit(amqp_url).path[1:]) or "/", safe="")
        found: list[dict[str, Any]] = self.ask("GET", f"/api/queues/{vhost}?columns=name,messages,consumers") or []
        return found

    def load(self, document: dict[str, Any]) -> None:
        """Have the broker take up what a document says; what it does not say stays."""
        self.ask("POST", "/api/definitions", document)

    def remove_user(self, name: str) -> None:
        """Delete a user with all permissions."""
        self.ask("DELETE", f"/api/users/{quote(name, safe='')}")

    def remove_binding(self, binding: dict[str, Any]) -> None:
        """Unbind a queue from an exchange."""
        names = [binding["vhost"], "e", binding["source"], "q", binding["destination"]]
        properties = self.ask("GET", "/api/bindings/" + _path(names)) or []
        for one in properties:
            if one["routing_key"] == binding["routing_key"]:
                self.ask("DELETE", "/api/bindings/" + _path([*names, one["properties_key"]]))

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()


def _path(names: list[str]) -> str:
    return "/".join(quote(name, safe="") for name in names)
