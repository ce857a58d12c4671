"""The same promises on quorum queues, as a cluster of brokers has them."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pika
import pytest

from shared.messaging import dead_letters, wire
from shared.messaging.client import BanyanClient
from tests.support.parked import eventually_parked
from tests.support.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers
Serve = Callable[..., "subprocess.Popen[str]"]
ASKED = "evt-teller-asked--echo.on_asked"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def amqp_url(broker: RabbitMQ) -> str:
    """Make a virtual host of its own: queues of the same names have other arguments here."""
    return broker.create_vhost()


def test_queues_are_quorum_queues_and_requests_events_retries_and_replay_work(
    serve: Serve, amqp_url: str, broker: RabbitMQ, tmp_path: Path
) -> None:
    serve("echo", BANYAN_QUEUE_TYPE="quorum")
    vhost = amqp_url.rpartition("/")[2]
    queues = broker.ask("GET", f"/api/queues/{vhost}?columns=name,type,durable")
    kinds = {queue["name"]: queue["type"] for queue in queues if queue["durable"]}  # type: ignore[attr-defined]  # JSON of the management's
    assert {"rpc-echo", ASKED, f"dead.{ASKED}", "banyan.retry.50"} <= kinds.keys()
    assert set(kinds.values()) == {"quorum"}

    with BanyanClient(amqp_url) as client:
        assert client.call("echo", "say", text="quorum") == "quorum"
    (tmp_path / "broken").touch()
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("teller.events", "asked", b'{"number": 7}', pika.BasicProperties(message_id="e-7"))
        channel.basic_publish(wire.RPC_EXCHANGE, "echo.say", b"not json", pika.BasicProperties(reply_to="nobody"))
    eventually_parked(amqp_url, "rpc-echo", 1)
    eventually_parked(amqp_url, ASKED, 1)
    letter = dead_letters.show(amqp_url, ASKED)[0]
    assert letter.error == "ConnectionError: the far side is broken"
    attempts = (tmp_path / "attempts").read_text().splitlines()
    assert attempts == ["e-7 7"] * 4  # the first, and one after each of three waits

    (tmp_path / "broken").unlink()
    assert dead_letters.replay(amqp_url, ASKED) == 1
    eventually(lambda: (tmp_path / "attempts").read_text().splitlines() == ["e-7 7"] * 5)
