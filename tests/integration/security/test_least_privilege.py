"""Banyan at work with a broker's user and a database's role for each service, by TLS: nothing it needs is refused.

And what RabbitMQ leaves open to an integrator (copies, dead-lettering past the permissions) the services close.
"""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types
import pytest
from click.testing import CliRunner

from services.workbench.cli.commands import banyan
from services.workbench.registry import CONTAINERS, SERVICES
from shared.client import BanyanClient, NotAllowed
from shared.kernel.faults import InvalidRequest, RemoteFault
from shared.kernel.faults import NotAllowed as NotPermitted
from shared.messaging import dead_letters, wire
from shared.messaging.roll_call_asking import call_roll
from shared.messaging.settings import BusSettings
from shared.messaging.tls import pika_parameters
from tests.integration.security.conftest import Roles
from tests.support.deployment import Deployment
from tests.support.fortress import Fortress
from tests.support.rehearsal import Operator, plans

pytestmark = [pytest.mark.servers, pytest.mark.slow]

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
SUBSCRIBERS = 60
BESIDES = ("integrator.", "stranger.")  # the integrators' own queues: nobody reads them here
ERASE = "governance.subscriber_erase"  # not granted to integrators
BODY = json.dumps({"args": [], "kwargs": {"customer_id": "x", "author": "stranger", "reason": "because"}}).encode()


@pytest.fixture(scope="module")
def guarded(fortress: Fortress, roles: Roles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Serve everything, each service under its own users, with a live campaign."""
    folder = tmp_path_factory.mktemp("guarded")
    deployment = Deployment(roles, fortress, folder, now=MORNING, processes=[SERVICES])  # type: ignore[arg-type]  # what it asks of servers
    with deployment, BanyanClient(fortress.url_of("banyan_operator")) as client:
        operator = Operator(deployment, client, besides=BESIDES)
        operator.load(SUBSCRIBERS)
        operator.launch(plans(["crbt-win-back"]))
        operator.live_through([MORNING])
        yield deployment


def test_an_integrator_recommends_and_reads_events(guarded: Deployment, fortress: Fortress) -> None:
    with BanyanClient(fortress.url_of("integrator")) as client:
        assert [client.call(name, "ping", timeout=20)["service"] for name in ("campaigns", "governance")]
        context = {"request_id": f"look-{uuid4()}"}
        advice = client.call(
            "campaigns", "recommend", customer_id="FJ00000001", channel="hotline", context=context, timeout=30
        )
        assert {"offers", "withheld"} <= set(advice)
        with client.feed("integrator.events", idle_seconds=5) as feed:
            assert next(iter(feed)).event_type in {"offerings_changed", "lists_changed"}  # in no fixed order
    assert guarded.ended() == []


def test_what_is_not_granted_is_refused_and_told(guarded: Deployment, fortress: Fortress) -> None:
    with BanyanClient(fortress.url_of("integrator")) as client:
        with pytest.raises(NotAllowed):
            client.call("governance", "subscriber_erase", customer_id="FJ00000001", author="x", reason="y")
        assert client.call("campaigns", "ping")["service"] == "campaigns"
    assert guarded.ended() == []


def test_a_forged_reply_address_harms_nobody(guarded: Deployment, fortress: Fortress) -> None:
    with BanyanClient(fortress.url_of("integrator")) as client:
        before = client.call("campaigns", "ping")
        client.publish("nameko-rpc", "campaigns.ping", {"args": [], "kwargs": {}})
        assert client.call("campaigns", "ping")["service"] == before["service"]
    assert guarded.ended() == []


def test_the_operator_calls_the_roll(guarded: Deployment, fortress: Fortress) -> None:
    settings = BusSettings(amqp_url=fortress.url_of("banyan_operator"))
    roll = call_roll(settings, CONTAINERS, patience=20)
    assert {one.container for one in roll.present} == set(CONTAINERS)
    assert (roll.absent, roll.silent) == ([], {})
    assert guarded.ended() == []


class Stranger:
    """An integrator with a mailbox, who sends what the client never would."""

    def __init__(self, url: str) -> None:
        self.connection = pika.BlockingConnection(pika_parameters(url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.address, self.mailbox = self.own_queue()

    def own_queue(self, **arguments: object) -> tuple[str, str]:
        """Return an address of its own and the queue that hears it."""
        address = f"reply.integrator.{uuid4()}"
        queue = self.channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
        self.channel.queue_bind(queue, wire.RPC_EXCHANGE, address)
        return address, queue

    def send(self, *copies: str, key: str = "governance.ping", **properties: Any) -> None:
        """Publish under a granted key, with copies under others: RabbitMQ 3 checks the first alone."""
        properties = {"content_type": wire.JSON_TYPE, "reply_to": self.address, "correlation_id": "1"} | properties
        headers = {"CC": list(copies)} if copies else None
        self.channel.basic_publish(wire.RPC_EXCHANGE, key, BODY, pika.BasicProperties(headers=headers, **properties))

    def answer(self) -> bytes:
        """Return the next answer."""
        for _, _, body in self.channel.consume(self.mailbox, auto_ack=True, inactivity_timeout=20):
            assert body is not None, "nobody answered"
            return bytes(body)
        raise AssertionError


@pytest.fixture
def stranger(guarded: Deployment, fortress: Fortress) -> Iterator[Stranger]:
    stranger = Stranger(fortress.url_of("integrator"))
    yield stranger
    stranger.connection.close()
    assert guarded.ended() == []


def code_of(answer: bytes) -> str:
    with pytest.raises((InvalidRequest, RemoteFault)) as told:
        wire.decode_reply(answer, object)
    return told.value.code


def test_a_call_is_not_smuggled_in_by_the_dead_lettering_of_ones_own_queue(stranger: Stranger) -> None:
    way = {"x-dead-letter-exchange": wire.RPC_EXCHANGE, "x-dead-letter-routing-key": ERASE, "x-message-ttl": 0}
    address, _ = stranger.own_queue(**way)
    stranger.send(address)
    answers = [stranger.answer(), stranger.answer()]  # one to the ping itself, which has fields too many
    assert [code_of(answer) for answer in answers] == ["invalid_request"] * 2
    assert any(b"dead letters are no requests" in answer for answer in answers)


def test_a_call_is_not_smuggled_in_as_a_copy(stranger: Stranger) -> None:
    stranger.send(ERASE, key="campaigns.ping")
    assert {code_of(stranger.answer()), code_of(stranger.answer())} == {"invalid_request", "unknown_method"}


def test_whoever_replays_sends_no_copies_and_no_requests_for_a_stranger(stranger: Stranger, fortress: Fortress) -> None:
    operator = fortress.url_of("banyan_operator")
    stranger.channel.queue_bind("integrator.outcomes", wire.RPC_EXCHANGE, stranger.address)
    stranger.send(stranger.address, user_id="integrator", reply_to=None)
    method, _, _ = next(stranger.channel.consume("integrator.outcomes", inactivity_timeout=20))
    stranger.channel.basic_reject(method.delivery_tag, requeue=False)
    stranger.channel.cancel()
    stranger.channel.queue_unbind("integrator.outcomes", wire.RPC_EXCHANGE, stranger.address)
    deadline = time.monotonic() + 20
    while "integrator.outcomes" not in told_parked(operator):
        assert time.monotonic() < deadline, "the integrator's dead letter is not told of"
    assert dead_letters.replay(operator, "integrator.outcomes") == 1  # not under the name of another
    _, properties, _ = stranger.channel.basic_get("integrator.outcomes", auto_ack=True)
    assert not {"CC", "BCC", "x-death"} & set(properties.headers or {})
    with pytest.raises(NotPermitted):
        dead_letters.replay(operator, "rpc-governance")


def told_parked(operator: str) -> dict[str, int]:
    """Return what `banyan dead-letters list` tells the operator, who has no management at hand."""
    done = CliRunner().invoke(banyan, ["dead-letters", "list", "--json"], env={"BANYAN_AMQP_URL": operator})
    assert done.exit_code == 0, done.output
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_what_a_stranger_can_fill_is_bounded(fortress: Fortress) -> None:
    policies = fortress.ask("GET", "/api/policies/banyan")
    assert isinstance(policies, list)
    for queue in ("rpc-governance", "dead.rpc-governance", "integrator.events", "dead.integrator.events", "amq.gen-x"):
        bounds = [one["definition"]["max-length-bytes"] for one in policies if re.search(one["pattern"], queue)]
        assert bounds == [1024**3], queue


def test_nothing_was_refused_by_broker_or_database(guarded: Deployment) -> None:
    log = guarded.log("+".join(SERVICES))
    assert [line for line in log.splitlines() if "ACCESS_REFUSED" in line or "permission denied" in line] == []
