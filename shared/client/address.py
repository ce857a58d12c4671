"""Where the broker is, and how its connection is secured."""

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

HEARTBEAT_SECONDS = 30
_TLS_KEYS = ("cafile", "certfile", "keyfile", "verify")


@dataclass(frozen=True, slots=True)
class Tls:
    """How an `amqps://` connection is secured: whose signature counts (None: the system's), the client's certificate.

    The broker's certificate and host name are always checked, unless `verify` is False (for trying out alone).
    """

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """Return what the standard library needs; raises OSError for files that cannot be read."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def connection_parameters(url: str, tls: Tls | None, name: str, patience: float) -> Any:  # noqa: ANN401 - pika is untyped
    """Return pika's parameters; raises ValueError for an address that is none.

    The address may carry `cafile`, `certfile`, `keyfile` and `verify=off` in its query instead of `tls`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"amqp", "amqps"}:
        raise ValueError("the address must begin with amqp:// or amqps://")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = {key: query.pop(key) for key in _TLS_KEYS if key in query}
    secured = tls or Tls(
        named.get("cafile"), named.get("certfile"), named.get("keyfile"), named.get("verify", "on") != "off"
    )
    if parts.scheme == "amqp" and (tls or named):
        raise ValueError("certificates need an address that begins with amqps://")
    parameters = pika.URLParameters(urlunsplit(parts._replace(query=urlencode(query))))
    if parts.scheme == "amqps":
        parameters.ssl_options = pika.SSLOptions(secured.context(), parts.hostname)
    if parameters.heartbeat is None:
        parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.client_properties = {"connection_name": name}
    parameters.socket_timeout = parameters.stack_timeout = patience
    return parameters
