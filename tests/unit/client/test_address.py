"""Addresses: what is read out of them, and what is refused."""

import ssl

import pytest

from shared.client import BanyanClient, Tls
from shared.client.address import connection_parameters
from shared.client.backoff import Backoff


def test_an_address_says_where_and_as_whom() -> None:
    found = connection_parameters("amqp://crm:p%40ss@host:5673/banyan", None, "crm", 3)
    assert (found.host, found.port, found.virtual_host) == ("host", 5673, "banyan")
    assert (found.credentials.username, found.credentials.password) == ("crm", "p@ss")
    assert (found.heartbeat, found.ssl_options, found.socket_timeout) == (30, None, 3)
    assert connection_parameters("amqp://a:b@h/?heartbeat=7", None, "crm", 3).heartbeat == 7


def test_a_secured_address_checks_certificate_and_host_name() -> None:
    options = connection_parameters("amqps://crm:x@bus.example/banyan", None, "crm", 3).ssl_options
    assert (options.server_hostname, options.context.check_hostname) == ("bus.example", True)
    assert options.context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(("query", "tls"), [("?verify=off", None), ("", Tls(verify=False))])
def test_checking_is_left_out_only_when_that_is_said(query: str, tls: Tls | None) -> None:
    options = connection_parameters(f"amqps://crm:x@bus.example/banyan{query}", tls, "crm", 3).ssl_options
    assert options.context.verify_mode == ssl.CERT_NONE


def test_certificates_that_cannot_be_read_are_told_before_anything_is_sent() -> None:
    with pytest.raises(FileNotFoundError):
        BanyanClient("amqps://crm:x@bus.example/?cafile=/nowhere.pem")


@pytest.mark.parametrize("url", ["http://host/", "", "amqp://crm:x@host/?cafile=/ca.pem"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="amqps://"):
        BanyanClient(url)


def test_pauses_grow_up_to_a_bound_and_begin_anew() -> None:
    backoff = Backoff(first=1, longest=8)
    pauses = [backoff.pause() for _ in range(6)]
    for pause, most in zip(pauses, (1, 2, 4, 8, 8, 8), strict=True):
        assert most / 2 <= pause <= most
    backoff.reset()
    assert backoff.pause() <= 1
