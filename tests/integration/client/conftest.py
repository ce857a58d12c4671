"""A client, and somebody who answers."""

from collections.abc import Iterator

import pytest

from shared.client import BanyanClient
from tests.integration.client.echo import Echo


@pytest.fixture
def echo(amqp_url: str) -> Iterator[Echo]:
    """Serve while the test runs."""
    with Echo(amqp_url) as served:
        yield served


@pytest.fixture
def client(amqp_url: str) -> Iterator[BanyanClient]:
    """Return a client that is closed afterwards."""
    with BanyanClient(amqp_url, timeout=20) as opened:
        yield opened
