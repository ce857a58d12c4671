"""AMQP by TLS: who the broker is, is proved to services, relay, client and command line."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise
import pytest

from shared.client import BanyanClient
from shared.client.errors import BanyanError
from shared.kernel.faults import Unavailable
from shared.messaging.connections import BROKEN, open_connection
from shared.messaging.link import Link
from shared.messaging.tls import pika_parameters
from tests.support.fortress import Fortress

pytestmark = pytest.mark.servers


def by_service(url: str) -> None:
    connection = open_connection(url, heartbeat=30, name="test")
    try:
        connection.connect()
    finally:
        connection.release()


def by_relay(url: str) -> None:
    Link(url, "test").close()


def by_command(url: str) -> None:
    pika.BlockingConnection(pika_parameters(url)).close()


def by_client(url: str) -> None:
    with BanyanClient(url, connect_timeout=5) as client:
        client.call("campaigns", "ping", timeout=0.2)


FAULTS = (*BROKEN, Unavailable, pika.exceptions.AMQPError, ssl.SSLError, BanyanError)
EVERYBODY = pytest.mark.parametrize("connect", [by_service, by_relay, by_command])
Connect = Callable[[str], None]


@EVERYBODY
def test_the_broker_is_known_by_its_certificate(fortress: Fortress, connect: Connect) -> None:
    connect(fortress.url_of("integrator"))


@EVERYBODY
def test_a_broker_whose_authority_is_unknown_is_refused(fortress: Fortress, connect: Connect, elsewhere: Path) -> None:
    for options in ("", f"cafile={elsewhere}"):
        with pytest.raises(FAULTS):
            connect(fortress.url_of("integrator", options=options))


@EVERYBODY
def test_a_broker_by_another_name_is_refused(fortress: Fortress, connect: Connect) -> None:
    with pytest.raises(FAULTS):
        connect(fortress.url_of("integrator", host="127.0.0.1"))
    connect(fortress.url_of("integrator", host="127.0.0.1", options="verify=off"))


@EVERYBODY
def test_without_tls_nobody_is_let_in(fortress: Fortress, connect: Connect) -> None:
    with pytest.raises(FAULTS):
        connect(fortress.url_of("integrator", options="").replace("amqps:", "amqp:"))


def test_the_client_checks_as_services_do(fortress: Fortress, elsewhere: Path) -> None:
    with pytest.raises(BanyanError, match="did not answer"):  # it is connected: nobody serves
        by_client(fortress.url_of("integrator"))
    with pytest.raises(BanyanError, match=r"(?i)certificate"):
        by_client(fortress.url_of("integrator", options=f"cafile={elsewhere}"))
