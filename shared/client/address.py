"""Where the broker is, and how its connection is secured."""

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

HEARTBEAT_SECONDS = 30
_TLS_KEYS = ("cafile", "certfile", "keyfile", "verify")
_NOT_SECURE = "certificates need an address that begins with amqps://"


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


def split_address(url: str) -> tuple[str, Tls | None]:
    """Return an address without the options that secure it, and what they say; None for one without TLS.

    The options: `cafile` (the authority trusted instead of the system's), `certfile` and `keyfile` (the client's own
    certificate, where the broker asks for one), `verify=off` (trust anybody, for trying out alone). Raises ValueError
    for an address that is none, and for certificates without `amqps://`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"amqp", "amqps"}:
        raise ValueError("the address must begin with amqp:// or amqps://")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = {key: query.pop(key) for key in _TLS_KEYS if key in query}
    if parts.scheme == "amqp":
        if named:
            raise ValueError(_NOT_SECURE)
        return url, None
    tls = Tls(named.get("cafile"), named.get("certfile"), named.get("keyfile"), named.get("verify", "on") != "off")
    return urlunsplit(parts._replace(query=urlencode(query))), tls


def connection_parameters(url: str, tls: Tls | None, name: str, patience: float) -> Any:  # noqa: ANN401 - pika is untyped
    """Return pika's parameters; `tls` goes before what the address says. Raises ValueError as `split_address`."""
    bare, named = split_address(url)
    if named is None and tls is not None:
        raise ValueError(_NOT_SECURE)
    parameters = pika.URLParameters(bare)
    if named is not None:
        parameters.ssl_options = pika.SSLOptions((tls or named).context(), urlsplit(bare).hostname)
    if parameters.heartbeat is None:
        parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.client_properties = {"connection_name": name}
    parameters.socket_timeout = parameters.stack_timeout = patience
    return parameters
