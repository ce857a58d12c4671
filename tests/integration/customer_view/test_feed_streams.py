"""Streams of BOSS on a real broker: applied once, whatever is killed or restarted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pika.exceptions
import pytest

from services.customer_view.dependencies import list_feeds, open_database
from services.customer_view.settings import Settings
from shared.messaging.stream_queue import FEED_EXCHANGE, declare_stream
from tests.integration.customer_view.feed_files import rejects_in, table_of, told
from tests.support.processes import start_again
from tests.support.rabbitmq import RabbitMQ
from tests.unit.customer_view.rules_folder import PROJECT, write_rules

pytestmark = pytest.mark.servers
_SECONDS = 120.0


@pytest.fixture
def settings(tmp_path: Path, postgres_database: Callable[[], str]) -> Iterator[Settings]:
    rules = write_rules(tmp_path / "rules")
    settings = Settings.read(
        {"BANYAN_DATABASE_URL": postgres_database(), "BANYAN_RULES_DIR": str(rules), "BANYAN_VAR": str(tmp_path)}
    )
    database = open_database(settings)
    yield settings
    database.close()


@pytest.fixture
def stream(broker: RabbitMQ) -> Iterator[str]:
    url = broker.create_vhost()
    yield url
    broker.delete_vhost(url)


def follow(settings: Settings, url: str, folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Start `banyan feeds follow customers`."""
    environment = dict(os.environ) | {
        "BANYAN_AMQP_URL": url,
        "BANYAN_DATABASE_URL_CUSTOMER_VIEW": settings.database_url,
        "BANYAN_RULES_DIR": str(settings.rules),
        "BANYAN_VAR": str(folder),
    }
    program = [sys.executable, "-m", "services.workbench.cli.main", "feeds", "follow", "customers", "--json", *more]
    return subprocess.Popen(
        program, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def publish(url: str, bodies: list[bytes]) -> None:
    """Put messages on the stream and wait until the broker has them."""
    connection, channel = connected(url)
    channel.confirm_delivery()
    for body in bodies:
        channel.basic_publish(FEED_EXCHANGE, "customers", body, pika.BasicProperties(delivery_mode=2))
    connection.close()


def connected(url: str) -> tuple[Any, Any]:
    """Return a connection and a channel on which the stream can be used; after a restart that takes a moment."""
    deadline = time.monotonic() + _SECONDS
    while True:
        connection: Any = None
        try:
            connection = pika.BlockingConnection(pika.URLParameters(url))
            channel = connection.channel()
            declare_stream(channel, "customers")
        except pika.exceptions.AMQPError:
            if connection is not None and connection.is_open:
                connection.close()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return connection, channel


def customer(number: int, **facts: Any) -> dict[str, Any]:
    """Return a record as BOSS sends it."""
    return {"customer_id": f"s-{number:05}", "facts": {"age": 20 + number % 60} | facts}


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + _SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def applied(settings: Settings) -> int:
    """Return how many records of the stream have been applied."""
    return sum(state.written for state in list_feeds(settings))


def test_malformed_messages_are_noted_and_a_stop_is_graceful(settings: Settings, stream: str, tmp_path: Path) -> None:
    wrong = json.dumps(customer(2, age="old", balance=13800138000)).encode()
    twice = json.dumps([customer(3), customer(4), {"facts": {}}]).encode()
    publish(stream, [json.dumps(customer(1)).encode(), b"\xff\x00{", wrong, b"[]", twice])
    process = follow(settings, stream, tmp_path, "--rejects", str(tmp_path / "rejects.csv"))
    wait_until(lambda: applied(settings) == 3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=_SECONDS)
    assert process.returncode == 0, err
    state = json.loads(out)["feed"]
    assert (state["position"], state["written"], state["refused"]) == (4, 3, 3)
    found = [(row[0], row[1]) for row in rejects_in(tmp_path / "rejects.csv")]
    assert found == [("1", "message"), ("2", "facts.age"), ("4", "message")]


@pytest.fixture
def own_broker() -> Iterator[RabbitMQ]:
    """Give a broker that may be killed."""
    broker = start_again(RabbitMQ.start)
    yield broker
    broker.stop()


def test_killed_and_cut_off_it_applies_every_message_once(
    settings: Settings, own_broker: RabbitMQ, tmp_path: Path
) -> None:
    url = own_broker.url
    bodies = [json.dumps(customer(number)).encode() for number in range(4_000)]
    publish(url, bodies[:2_500])
    process = follow(settings, url, tmp_path)
    wait_until(lambda: applied(settings) >= 1_000)
    process.kill()
    process.communicate(timeout=_SECONDS)
    process = follow(settings, url, tmp_path)
    wait_until(lambda: applied(settings) == 2_500)
    own_broker.restart(is_hard=True)
    publish(url, bodies[2_500:])
    wait_until(lambda: applied(settings) == 4_000)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=_SECONDS)
    assert process.returncode == 0, err
    assert "again in" in err
    state = list_feeds(settings)[0]
    assert (state.rows, state.written, state.refused, state.position) == (4_000, 4_000, 0, 3_999)
    ids = [one.customer_id for one in told(settings)]
    assert len(ids) == len(set(ids)) == len(table_of(settings)) == 4_000
