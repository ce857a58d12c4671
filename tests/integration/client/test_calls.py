"""Calls of the integrator's client on a real broker."""

import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from shared.client import (
    BanyanClient,
    BanyanError,
    InvalidRequest,
    MessageTooLarge,
    NotAllowed,
    NotFound,
    RemoteFault,
    TimedOut,
    Unavailable,
)
from tests.integration.client.echo import Echo
from tests.support.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers


def test_one_client_serves_many_threads_and_gives_each_its_own_answers(echo: Echo, client: BanyanClient) -> None:
    wrong: list[str] = []

    def ask(mine: str) -> None:
        wrong.extend(mine for _ in range(25) if client.call("echo", "say", text=mine) != mine)

    threads = [threading.Thread(target=ask, args=(f"线程 {number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(echo.requests) == 16 * 25
    assert len({properties.reply_to for properties, _ in echo.requests}) == 1, "one connection for all"


def test_many_calls_in_flight_come_back_in_order_with_their_errors(echo: Echo, client: BanyanClient) -> None:
    texts = [object() if number % 10 == 0 else f"{number}" for number in range(500)]
    answers = client.call_many([("echo", "say", {"text": text}) for text in texts])
    assert [one for one in answers if not isinstance(one, BanyanError)] == [
        one for one in texts if isinstance(one, str)
    ]
    assert all(isinstance(one, InvalidRequest) for one in answers[::10])
    assert len(echo.requests) == 450


@pytest.mark.usefixtures("echo")
def test_of_many_calls_those_without_an_answer_time_out_alone(client: BanyanClient) -> None:
    calls = [("echo", "say", {"text": "a"}), ("echo", "silent", {}), ("nobody", "ping", {})]
    answered, silent, unknown = client.call_many(calls, in_flight=1, timeout=0.5)
    assert answered == "a"
    assert isinstance(silent, TimedOut)
    assert isinstance(unknown, Unavailable)  # not asked: the one before got no answer
    assert not unknown.may_have_happened


def test_a_call_that_gets_no_answer_ends_in_time_and_its_late_answer_is_dropped(
    echo: Echo, client: BanyanClient
) -> None:
    with pytest.raises(TimedOut, match=r"echo\.slow did not answer within 0\.3 s") as late:
        client.call("echo", "slow", text="late", seconds=0.6, timeout=0.3)
    assert (late.value.code, late.value.may_have_happened) == ("unavailable", True)
    assert client.call("echo", "slow", text="in time", seconds=0.6) == "in time"  # the late one came meanwhile
    assert client.call("echo", "say", text="next") == "next"
    assert len(echo.requests) == 3


def test_an_unknown_service_fails_at_once(echo: Echo, client: BanyanClient) -> None:
    with pytest.raises(Unavailable, match="no service 'nobody' on the bus") as unknown:
        client.call("nobody", "ping", timeout=3600)
    assert unknown.value.details == {"service": "nobody"}
    assert not unknown.value.may_have_happened
    assert echo.requests == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_request", InvalidRequest),
        ("not_found", NotFound),
        ("not_allowed", NotAllowed),
        ("unavailable", Unavailable),
        ("batch_too_large", RemoteFault),
    ],
)
def test_a_fault_of_the_service_is_an_error_of_its_kind_with_its_code(
    echo: Echo, client: BanyanClient, code: str, kind: type[BanyanError]
) -> None:
    with pytest.raises(kind, match=f"{code}: as you wished") as fault:
        client.call("echo", "fail", code=code)
    assert type(fault.value) is kind
    assert (fault.value.code, fault.value.message, fault.value.details) == (code, "as you wished", {"field": "code"})
    assert len(echo.requests) == 1


def test_a_reply_that_is_none_is_told_as_such(echo: Echo, client: BanyanClient) -> None:
    with pytest.raises(RemoteFault, match="invalid_reply"):
        client.call("echo", "garble")
    assert len(echo.requests) == 1


def test_what_is_too_large_or_no_json_is_refused_before_it_is_sent(echo: Echo, amqp_url: str) -> None:
    with BanyanClient(amqp_url, max_message_bytes=1000) as client:
        with pytest.raises(MessageTooLarge) as large:
            client.call("echo", "say", text="x" * 1000)
        assert (large.value.code, large.value.details["most_bytes"]) == ("message_too_large", 1000)
        with pytest.raises(InvalidRequest, match="cannot be sent as JSON"):
            client.call("echo", "say", text=float("nan"))
        assert client.call("echo", "say", text="short") == "short"
    assert len(echo.requests) == 1


def test_a_request_tells_who_asks_until_when_and_what_it_belongs_to(echo: Echo, client: BanyanClient) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    before = time.time()
    client.call("echo", "say", text="x", correlation_id="visit-1", traceparent=trace, timeout=60)
    [(properties, body)] = echo.requests
    assert body == b'{"args":[],"kwargs":{"text":"x"}}'
    assert re.fullmatch(r"reply\.banyan\.[0-9a-f-]{36}", properties.reply_to)
    deadline = properties.headers.pop("banyan.deadline")
    assert before + 59 < deadline / 1000 < time.time() + 61
    assert properties.headers == {"banyan.correlation_id": "visit-1", "traceparent": trace}
    assert (properties.content_type, properties.delivery_mode) == ("application/json", 2)


def test_asking_again_is_done_only_when_wished_and_only_for_what_may_help(echo: Echo, client: BanyanClient) -> None:
    with pytest.raises(Unavailable):
        client.call("echo", "fail", code="unavailable", retries=1)
    assert len(echo.requests) == 2
    with pytest.raises(NotFound):
        client.call("echo", "fail", code="not_found", retries=5)
    assert len(echo.requests) == 3


@pytest.fixture
def guarded_url(broker: RabbitMQ, amqp_url: str) -> Iterator[str]:
    """Return the address for a user who may call `echo.say` and read his own replies, and nothing else."""
    vhost = urlsplit(amqp_url).path.lstrip("/")
    broker.ask("PUT", "/api/users/teller", {"password": "of-the-test", "tags": ""})
    rights = {"configure": r"^amq\.gen-", "write": r"^(nameko-rpc$|amq\.gen-)", "read": r"^(nameko-rpc$|amq\.gen-)"}
    broker.ask("PUT", f"/api/permissions/{vhost}/teller", rights)
    topics = {"exchange": "nameko-rpc", "write": r"^echo\.say$", "read": r"^reply\.{username}\.[0-9a-f-]+$"}
    broker.ask("PUT", f"/api/topic-permissions/{vhost}/teller", topics)
    parts = urlsplit(amqp_url)
    yield urlunsplit(parts._replace(netloc=f"teller:of-the-test@{parts.hostname}:{parts.port}"))
    broker.ask("DELETE", "/api/users/teller")


def test_a_method_the_broker_forbids_is_not_allowed_and_others_still_answer(echo: Echo, guarded_url: str) -> None:
    with BanyanClient(guarded_url) as client:
        assert client.call("echo", "say", text="x") == "x"
        with pytest.raises(NotAllowed, match=r"does not let this user call echo\.silent"):
            client.call("echo", "silent")
        assert client.call("echo", "say", text="again") == "again"
        with pytest.raises(NotAllowed, match="ACCESS_REFUSED"):
            client.events("teller", "asked", "somebody.elses")
    assert len(echo.requests) == 2
    with BanyanClient(guarded_url.replace("of-the-test", "guessed")) as stranger, pytest.raises(NotAllowed):
        stranger.call("echo", "say", text="x")
