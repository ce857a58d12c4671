"""Banyan at work with a broker's user and a database's role for each service, by TLS: nothing it needs is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.workbench.registry import CONTAINERS, SERVICES
from shared.client import BanyanClient, NotAllowed
from shared.messaging.roll_call_asking import call_roll
from shared.messaging.settings import BusSettings
from tests.integration.security.conftest import Roles
from tests.support.deployment import Deployment
from tests.support.fortress import Fortress
from tests.support.rehearsal import Operator, plans

pytestmark = [pytest.mark.servers, pytest.mark.slow]

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
SUBSCRIBERS = 60
BESIDES = ("integrator.", "stranger.")  # the integrators' own queues: nobody reads them here


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
            assert next(iter(feed)).event_type == "offerings_changed"
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


def test_nothing_was_refused_by_broker_or_database(guarded: Deployment) -> None:
    log = guarded.log("+".join(SERVICES))
    assert [line for line in log.splitlines() if "ACCESS_REFUSED" in line or "permission denied" in line] == []
