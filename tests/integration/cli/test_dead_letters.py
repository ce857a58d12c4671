"""`banyan dead-letters` and `banyan status` against a real broker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pika
import pytest

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
QUEUE = "evt-channels-contacts_sent--governance_bulk.on_contacts_sent"
Banyan = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def banyan(amqp_url: str) -> Banyan:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.workbench.cli.main", *arguments],
            cwd=ROOT,
            env=os.environ | {"BANYAN_AMQP_URL": amqp_url},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def parked(amqp_url: str) -> list[str]:
    """Park three messages where those of one event handler end."""
    bodies = ["first", "second", "third"]
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    for name in (QUEUE, f"dead.{QUEUE}"):
        channel.queue_declare(name, durable=True)
        channel.queue_purge(name)
    for number, body in enumerate(bodies):
        headers = {"banyan.error": "ValueError: no such contact", "banyan.attempt": 5}
        properties = pika.BasicProperties(message_id=f"m{number}", headers=headers, delivery_mode=2)
        channel.basic_publish("", f"dead.{QUEUE}", body.encode(), properties)
    connection.close()
    return bodies


def test_parked_messages_are_shown_and_stay(banyan: Banyan, parked: list[str]) -> None:
    for _ in range(2):
        shown = json.loads(banyan("dead-letters", "show", QUEUE, "--json").stdout)
        assert [letter["body"] for letter in shown] == parked
        assert shown[0]["error"] == "ValueError: no such contact"


def test_replay_sends_back_the_oldest_first_and_drop_deletes_the_rest(
    banyan: Banyan, parked: list[str], amqp_url: str
) -> None:
    assert banyan("dead-letters", "replay", QUEUE, "--limit", "2").stdout == f"2 sent back to {QUEUE}\n"
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        back = [channel.basic_get(QUEUE, auto_ack=True)[2].decode() for _ in range(2)]
    assert back == parked[:2]
    refused = banyan("dead-letters", "drop", QUEUE, stdin="n\n")
    assert refused.returncode == 1
    assert banyan("dead-letters", "drop", QUEUE, "--yes").stdout == f"1 dropped from {QUEUE}\n"
    assert json.loads(banyan("dead-letters", "show", QUEUE, "--json").stdout) == []


def test_the_list_names_the_queues_of_work_that_have_something_parked(banyan: Banyan, parked: list[str]) -> None:
    done = banyan("dead-letters", "list", "--json")
    assert (json.loads(done.stdout), done.stderr) == ({QUEUE: len(parked)}, "")


def test_requests_are_not_replayed(banyan: Banyan) -> None:
    done = banyan("dead-letters", "replay", "rpc-governance")
    assert done.returncode == 1
    assert done.stderr.startswith("banyan: not_allowed: rpc-governance holds requests")


def test_a_queue_that_does_not_exist_is_one_line(banyan: Banyan) -> None:
    done = banyan("dead-letters", "show", "no-such-queue")
    assert done.returncode == 1
    assert done.stderr.startswith("banyan: not_found: there is no such queue")


def test_status_without_services_says_so_for_each_container(banyan: Banyan, amqp_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:  # where some service was once
        connection.channel().exchange_declare("nameko-rpc", "topic", durable=True)
    done = banyan("status", "governance", "--json")
    assert done.returncode == 1
    assert [answer["fault"] for answer in json.loads(done.stdout)] == [
        "unavailable: there is no service 'governance' on the bus",
        "unavailable: there is no service 'governance_bulk' on the bus",
    ]


def test_without_a_broker_the_way_out_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.workbench.cli.main", "dead-letters", "show", QUEUE],
        cwd=ROOT,
        env=os.environ | {"BANYAN_AMQP_URL": "amqp://127.0.0.1:1/"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("banyan: unavailable: the bus cannot be reached")
    assert "BANYAN_AMQP_URL" in second
