"""Addresses with certificates mean the same for services (kombu), for relay and commands (pika), and for the client."""

import ssl
from collections.abc import Callable

import pytest

from shared.kernel.faults import Unavailable
from shared.messaging.tls import kombu_address, pika_parameters

SECURE = "amqps://crm:p%40ss@bus.example:5671/banyan"


def test_kombu_gets_the_address_without_our_options_and_checks_certificate_and_host_name() -> None:
    bare, options = kombu_address(f"{SECURE}?cafile=/ca.pem&certfile=/own.pem&keyfile=/own.key&heartbeat=7")
    assert bare == f"{SECURE}?heartbeat=7"
    assert options == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "bus.example",
        "ca_certs": "/ca.pem",
        "certfile": "/own.pem",
        "keyfile": "/own.key",
    }


def test_checking_is_left_out_only_when_that_is_said() -> None:
    assert kombu_address(f"{SECURE}?verify=off") == (SECURE, {"cert_reqs": ssl.CERT_NONE})
    assert pika_parameters(f"{SECURE}?verify=off").ssl_options.context.verify_mode == ssl.CERT_NONE
    assert pika_parameters(SECURE).ssl_options.context.verify_mode == ssl.CERT_REQUIRED


def test_an_address_without_tls_is_left_as_it_is() -> None:
    plain = "amqp://crm:x@bus.example:5672/banyan?heartbeat=7"
    assert kombu_address(plain) == (plain, None)
    assert (pika_parameters(plain).heartbeat, pika_parameters(plain).ssl_options) == (7, None)


@pytest.mark.parametrize("read", [kombu_address, pika_parameters])
def test_certificates_for_a_connection_in_clear_are_refused(read: Callable[[str], object]) -> None:
    """Whoever names an authority expects TLS: the bus in clear is not what was meant."""
    with pytest.raises(Unavailable, match="amqps://"):
        read("amqp://crm:x@bus.example/banyan?cafile=/ca.pem")


def test_certificates_that_cannot_be_read_are_told() -> None:
    with pytest.raises(Unavailable, match="cannot be used"):
        pika_parameters(f"{SECURE}?cafile=/nowhere.pem")
