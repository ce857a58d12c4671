"""TLS to the broker: `amqps://user:password@host:5671/banyan?cafile=/etc/banyan/ca.pem`.

The options of the address are those of the integrators' client, which reads them for us: see its `split_address`.
"""

import ssl
from typing import Any
from urllib.parse import urlsplit

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.client.address import split_address
from shared.messaging.link import reading_address


def pika_parameters(url: str) -> Any:  # noqa: ANN401 - pika is untyped
    """Return pika's parameters; raises Unavailable for an address, or certificates, that cannot be used."""
    with reading_address():
        bare, tls = split_address(url)
        parameters = pika.URLParameters(bare)
        if tls is not None:
            parameters.ssl_options = pika.SSLOptions(tls.context(), urlsplit(bare).hostname)
    return parameters


def kombu_address(url: str) -> tuple[str, dict[str, Any] | None]:
    """Return an address without our options, and what kombu's `ssl` takes, None without TLS; raises Unavailable."""
    with reading_address():
        bare, tls = split_address(url)
    if tls is None:
        return bare, None
    if not tls.verify:
        return bare, {"cert_reqs": ssl.CERT_NONE}
    options = {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": urlsplit(bare).hostname,
        "ca_certs": tls.ca_file,
        "certfile": tls.cert_file,
        "keyfile": tls.key_file,
    }
    return bare, {name: value for name, value in options.items() if value is not None}
