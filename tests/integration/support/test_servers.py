"""The private servers: what every other integration test stands on."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pika
import psycopg
import pytest

from tests.support.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers


def test_each_database_asked_for_is_another_one_and_empty(postgres_database: Callable[[], str]) -> None:
    first, second = postgres_database(), postgres_database()
    assert first != second
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE held (one int)")
    with psycopg.connect(second) as connection:
        held = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert held == (0,)


def test_a_virtual_host_carries_messages_and_is_gone_with_its_queues(broker: RabbitMQ) -> None:
    url = broker.create_vhost()
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare("held", durable=True)
    channel.basic_publish("", "held", b"kept")
    _, _, body = channel.basic_get("held", auto_ack=True)
    connection.close()
    assert body == b"kept"
    broker.delete_vhost(url)
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(url))


@pytest.fixture
def near() -> Iterator[Path]:
    """Return a folder with a short name: those of sockets may have 107 characters, and pytest's are long."""
    with tempfile.TemporaryDirectory(prefix="banyan-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_servers_end_with_a_session_that_is_killed(near: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BANYAN_TEST_")}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers", "--services", "governance"],
        cwd=Path(__file__).parents[3],
        env=environment | {"TMPDIR": str(near)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as session:
        assert session.stdout is not None
        urls = dict(session.stdout.readline().strip().split("=", 1) for _ in range(2))
        database = urls["BANYAN_DATABASE_URL"].replace("{service}", "governance")
        psycopg.connect(database).close()
        session.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while list(near.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(near.iterdir()), "the folders of the servers are still there"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database)
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", urlsplit(urls["BANYAN_AMQP_URL"]).port, connection_attempts=1)
        )
