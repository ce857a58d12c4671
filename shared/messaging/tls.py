"""TLS to the broker: `amqps://user:password@host:5671/banyan?cafile=/etc/banyan/ca.pem`.

Options of the address: `cafile` (the authority trusted instead of the system's), `certfile` and `keyfile` (our own
certificate, where the broker asks for one), `verify=off` (trust anybody, for trying out alone). Without it the
broker's certificate and host name are always checked.
"""

import ssl
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.kernel.faults import Unavailable

_OPTIONS = ("cafile", "certfile", "keyfile", "verify")
SECURE = "amqps"


def pika_parameters(url: str) -> Any:  # noqa: ANN401 - pika is untyped
    """Return pika's parameters for an address; raises Unavailable for certificates that cannot be read."""
    bare, named = _split(url)
    parameters = pika.URLParameters(bare)
    host = urlsplit(url).hostname
    if urlsplit(url).scheme == SECURE:
        try:
            context = _context(named)
        except (OSError, ssl.SSLError) as fault:
            raise Unavailable(f"the certificates of the bus cannot be used: {fault}") from None
        parameters.ssl_options = pika.SSLOptions(context, host)
    return parameters


def kombu_address(url: str) -> tuple[str, dict[str, Any] | None]:
    """Return an address without our options, and what kombu's `ssl` takes; None for one without TLS."""
    bare, named = _split(url)
    if urlsplit(url).scheme != SECURE:
        return bare, None
    if named.get("verify") == "off":
        return bare, {"cert_reqs": ssl.CERT_NONE}
    options = {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": urlsplit(url).hostname,
        "ca_certs": named.get("cafile"),
        "certfile": named.get("certfile"),
        "keyfile": named.get("keyfile"),
    }
    return bare, {name: value for name, value in options.items() if value is not None}


def _split(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = {name: query.pop(name) for name in _OPTIONS if name in query}
    return urlunsplit(parts._replace(query=urlencode(query))), named


def _context(named: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=named.get("cafile"))
    if "certfile" in named:
        context.load_cert_chain(named["certfile"], named.get("keyfile"))
    if named.get("verify") == "off":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
