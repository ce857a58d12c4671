"""The bus on a real RabbitMQ: what breaks stock nameko must not break us."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pika
import pytest

from shared.kernel.faults import Fault, InvalidRequest, RemoteFault, Unavailable
from shared.messaging import dead_letters, wire
from shared.messaging.client import BanyanClient
from tests.support.parked import parked

pytestmark = pytest.mark.servers
Serve = Callable[..., "subprocess.Popen[str]"]
ASKED = "evt-teller-asked--echo.on_asked"


def publish(amqp_url: str, exchange: str, key: str, body: bytes, **properties: Any) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties), mandatory=True)
    connection.close()


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b'{"args": [], "kwargs": {"text": "x"}}', {"content_type": "application/json"}),
        (b'{"args": [], "kwargs": {"text": "x"}}', {"reply_to": "nobody"}),
        (b'{"args": [], "kwargs": {"text": "x"}}', {"reply_to": "nobody", "content_type": "application/x-python"}),
        (b"not json", {"reply_to": "nobody", "content_type": "application/json"}),
        (b"\xff\xfe", {"reply_to": "nobody", "content_type": "application/json", "content_encoding": "utf-8"}),
        (b"{}", {"reply_to": "nobody", "content_type": "application/json", "content_encoding": "no-such-code"}),
        (b"[1, 2]", {"reply_to": "nobody", "content_type": "application/json"}),
        (b'{"args": []}', {"reply_to": "nobody", "content_type": "application/json"}),
        (b'{"args": [], "kwargs": {"text": "\xe9"}}', {"reply_to": "nobody", "content_type": "application/json"}),
        (b"", {}),
    ],
)
def test_a_malformed_message_is_dead_lettered_and_the_container_keeps_answering(
    serve: Serve, client: BanyanClient, amqp_url: str, body: bytes, properties: dict[str, Any]
) -> None:
    process = serve("echo")
    before = parked(amqp_url, "rpc-echo")
    publish(amqp_url, wire.RPC_EXCHANGE, "echo.say", body, **properties)
    eventually(lambda: parked(amqp_url, "rpc-echo") == before + 1)
    assert client.call("echo", "say", text="still here") == "still here"
    assert process.poll() is None
    assert dead_letters.show(amqp_url, "rpc-echo", 1)[0].error == "rejected"


def test_whoever_sends_a_malformed_request_is_told(serve: Serve, amqp_url: str) -> None:
    serve("echo")
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, wire.RPC_EXCHANGE, "me")
    properties = pika.BasicProperties(reply_to="me", content_type="application/json", correlation_id="7")
    channel.basic_publish(wire.RPC_EXCHANGE, "echo.say", b"not json", properties)
    _, answer, body = next(channel.consume(queue, inactivity_timeout=10))
    assert answer.correlation_id == "7"
    with pytest.raises(InvalidRequest, match="malformed request"):
        wire.decode_reply(body, object)
    connection.close()


def test_calls_that_cannot_succeed_fail_at_once_or_in_time(serve: Serve, client: BanyanClient) -> None:
    serve("echo")
    with pytest.raises(Unavailable, match="no service 'nobody'"):
        client.call("nobody", "ping", timeout=60)
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        client.call("echo", "slow", timeout=0.2, seconds=1.0)
    with pytest.raises(RemoteFault, match="no method shout"):
        client.call("echo", "shout")
    assert client.call("echo", "say", text="好") == "好"


def test_many_calls_in_flight_come_back_in_order_with_their_faults(serve: Serve, client: BanyanClient) -> None:
    serve("echo")
    calls = [("echo", "say", {"text": str(n) if n % 10 else n}) for n in range(1000)]
    answers = client.call_many(calls, in_flight=64)
    assert [answer for answer in answers if not isinstance(answer, Fault)] == [str(n) for n in range(1000) if n % 10]
    assert sum(isinstance(answer, InvalidRequest) for answer in answers) == 100


def test_one_client_serves_many_threads(serve: Serve, client: BanyanClient) -> None:
    serve("echo")
    wrong: list[str] = []

    def ask(mine: str) -> None:
        wrong.extend(mine for _ in range(50) if client.call("echo", "say", text=mine) != mine)

    threads = [threading.Thread(target=ask, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_one_service_asks_another_many_times_at_once(serve: Serve, client: BanyanClient) -> None:
    serve("echo", "asker")
    texts = [str(number) for number in range(500)]
    assert client.call("asker", "ask", texts=texts) == texts


def tell(amqp_url: str, number: object, event_id: str | None = None) -> None:
    headers = {} if event_id is None else {wire.EVENT_ID: event_id}
    body = f'{{"number": {number}}}'.encode()
    publish(amqp_url, "teller.events", "asked", body, content_type="application/json", headers=headers)


def test_an_event_whose_count_of_attempts_makes_no_sense_is_parked(serve: Serve, amqp_url: str) -> None:
    process = serve("echo")
    headers = {wire.EVENT_ID: "event-4", wire.ATTEMPT: "many"}
    publish(amqp_url, "teller.events", "asked", b"{", content_type="application/json", headers=headers)
    eventually(lambda: parked(amqp_url, ASKED) == 1)
    assert process.poll() is None
    assert dead_letters.drop(amqp_url, ASKED) == 1


def attempts(folder: Path) -> list[str]:
    notes = folder / "attempts"
    return notes.read_text().splitlines() if notes.exists() else []


def test_a_failing_event_is_retried_then_parked_and_can_be_replayed(
    serve: Serve, amqp_url: str, tmp_path: Path
) -> None:
    serve("echo")
    (tmp_path / "broken").touch()
    tell(amqp_url, 1, "event-1")
    eventually(lambda: parked(amqp_url, ASKED) == 1)
    assert attempts(tmp_path) == ["event-1 1"] * 4  # one and three retries
    letter = dead_letters.show(amqp_url, ASKED)[0]
    assert letter.error == "ConnectionError: the far side is broken"
    assert (letter.attempts, letter.body) == (4, '{"number": 1}')
    (tmp_path / "broken").unlink()
    assert dead_letters.replay(amqp_url, ASKED) == 1
    eventually(lambda: len(attempts(tmp_path)) == 5)
    assert parked(amqp_url, ASKED) == 0


def test_an_event_that_recovers_is_not_parked(serve: Serve, amqp_url: str, tmp_path: Path) -> None:
    serve("echo")
    (tmp_path / "broken").touch()
    tell(amqp_url, 2, "event-2")
    eventually(lambda: len(attempts(tmp_path)) == 2)
    (tmp_path / "broken").unlink()
    eventually(lambda: len(attempts(tmp_path)) == 3)
    time.sleep(0.5)
    assert len(attempts(tmp_path)) == 3
    assert parked(amqp_url, ASKED) == 0


@pytest.mark.parametrize(("number", "event_id"), [('"one"', "event-3"), (1, None)])
def test_an_unreadable_event_is_parked_without_a_retry(
    serve: Serve, amqp_url: str, tmp_path: Path, number: object, event_id: str | None
) -> None:
    serve("echo")
    tell(amqp_url, number, event_id)
    eventually(lambda: parked(amqp_url, ASKED) == 1)
    assert attempts(tmp_path) == []
    assert dead_letters.show(amqp_url, ASKED)[0].error.startswith("unreadable:")
    assert dead_letters.drop(amqp_url, ASKED) == 1
    assert parked(amqp_url, ASKED) == 0


def test_an_integrator_reads_events_and_gets_unacknowledged_ones_again(serve: Serve, amqp_url: str) -> None:
    serve("echo")
    client = BanyanClient(amqp_url)
    with client.events("teller", "asked", "crm.asked", idle_seconds=1.0) as feed:
        tell(amqp_url, 4, "event-4")
        assert [(found.event_id, found.body) for found in feed] == [("event-4", {"number": 4})]
    with client.events("teller", "asked", "crm.asked", idle_seconds=1.0) as feed:
        for found in feed:
            assert found.event_id == "event-4"
            found.ack()
    with client.events("teller", "asked", "crm.asked", idle_seconds=0.5) as feed:
        assert list(feed) == []


def test_a_stopping_process_finishes_what_it_has_begun(serve: Serve, client: BanyanClient) -> None:
    process = serve("echo")
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(client.call("echo", "slow", seconds=1.5)))
    asking.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    asking.join()
    assert answers == ["done"]
    assert process.wait(10) == 0


def test_a_second_signal_cuts_a_long_stop_short_and_the_work_is_handed_back(serve: Serve, client: BanyanClient) -> None:
    process = serve("echo")
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(client.call("echo", "slow", seconds=4.0)))
    asking.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) != 0  # one that finished what it began ends with 0
    serve("echo")
    asking.join()
    assert answers == ["done"]  # by the process that came after


def test_a_killed_process_hands_its_work_to_the_next(serve: Serve, client: BanyanClient) -> None:
    process = serve("echo")
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(client.call("echo", "slow", seconds=1.0)))
    asking.start()
    time.sleep(0.5)
    process.kill()
    serve("echo")
    asking.join()
    assert answers == ["done"]
