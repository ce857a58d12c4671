"""The sandbox around a real deployment: the walk, a synthetic BOSS on the bus, messages and their receipts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from services.workbench import province
from services.workbench.cli.commands import banyan
from services.workbench.sandbox.behaviour import Behaviour
from services.workbench.sandbox.receipts import Receipts
from services.workbench.sandbox.serving import Sandbox
from shared.messaging.client import BanyanClient
from tests.support.deployment import ROOT, Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.servers, pytest.mark.slow]

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday, ten in the morning in Fuzhou
SERVICES = ("customer_view", "catalogue", "channels", "governance", "campaigns")


@dataclass(frozen=True)
class Site:
    """A deployment whose CRM, ISMP and SMS gateway are a sandbox."""

    deployment: Deployment
    sandbox: Sandbox
    client: BanyanClient

    def run(self, *arguments: str, exit_code: int = 0) -> Any:
        environment = {
            "BANYAN_AMQP_URL": self.deployment.amqp_url,
            "BANYAN_RULES_DIR": str(ROOT / "rules"),
            "BANYAN_SANDBOX_URL": self.sandbox.url,
        }
        done = CliRunner().invoke(banyan, ["sandbox", *arguments, "--json"], env=environment)
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def site(postgres: Postgres, broker: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Sandbox() as sandbox:
        settings = {
            "BANYAN_FULFILMENT": "http",
            "BANYAN_CRM_URL": f"{sandbox.url}/crm",
            "BANYAN_ISMP_URL": f"{sandbox.url}/ismp",
            "BANYAN_CHANNELS": "real",
            "BANYAN_SMS_GATEWAY_URL": f"{sandbox.url}/sms",
        }
        folder = tmp_path_factory.mktemp("site")
        deployment = Deployment(postgres, broker, folder, now=NOW, processes=[SERVICES], settings=settings)
        with deployment, BanyanClient(deployment.amqp_url) as client:
            yield Site(deployment, sandbox, client)


def test_a_walk_takes_an_order_from_the_counter_to_both_systems_and_leaves_no_campaign_behind(site: Site) -> None:
    walked = site.run("walk", "--on", "2026-03-02")
    assert [step["step"] for step in walked["steps"] if not step["is_well"]] == []
    orders = site.sandbox.play.book.rows("orders")
    [crm, ismp] = [row for row in orders if row["customer_id"].startswith(f"SANDBOX-{walked['run']}-")]
    assert {crm["system"], ismp["system"]} == {"crm", "ismp"}
    assert {crm["state"], ismp["state"], crm["order_id"] == ismp["order_id"]} == {"done", True}
    status = site.client.call("campaigns", "status", campaign_id=f"sandbox-walk-{walked['run']}")
    assert status["state"] == "stopped"


def test_a_walk_says_where_the_order_was_refused(site: Site) -> None:
    site.sandbox.play.behave("ismp", Behaviour(refuse=1))
    walked = site.run("walk", "--on", "2026-03-02", exit_code=1)
    site.sandbox.play.behave("ismp", Behaviour())
    [wrong] = [step for step in walked["steps"] if not step["is_well"]]
    assert wrong["seen"] == "{'crm': 'cancelled', 'ismp': 'refused'}"


def test_what_boss_tells_twice_shuffled_and_malformed_is_kept_once_or_refused_with_its_field(site: Site) -> None:
    trouble = ("--twice", "20%", "--shuffle", "--malformed", "5%", "--seed", "3", "--count", "300", "--batch", "100")
    told = site.run("send", "customers", *trouble)
    assert told["is_as_expected"]
    assert (told["sent"], told["accepted"] + told["refused"]) == (300 + told["repeated"], told["sent"])
    assert set(told["refused_by_field"]) == {
        "customer_id",
        "facts.age",
        "facts.favourite_colour",
        "customers[].facts",
    }
    assert site.run("send", "customers", "--seed", "3", "--count", "300")["refused"] == 0
    kept = site.client.call("customer_view", "get_customer", customer_id=province.customer_id(7))
    assert kept["facts"].items() >= province.subscriber(3, 7).facts.items()
    for kind in ("events", "orders"):
        told = site.run("send", kind, *trouble, "--at", NOW.isoformat(), "--late", "6h")
        assert told["is_as_expected"], told
        assert told["malformed"] > 0
        assert told["repeated"] > 0
    site.deployment.settle()


def test_a_stream_that_nobody_has_made_is_told(site: Site) -> None:
    environment = {"BANYAN_AMQP_URL": site.deployment.amqp_url, "BANYAN_RULES_DIR": str(ROOT / "rules")}
    done = CliRunner().invoke(banyan, ["sandbox", "send", "orders", "--stream"], env=environment)
    assert (done.exit_code, "not_found" in done.output) == (1, True)


def test_a_message_is_sent_once_whatever_the_gateway_does_and_its_receipt_is_recorded(site: Site) -> None:
    _reserve(site, "sms-1")
    site.sandbox.play.behave("sms", Behaviour(fail=1, failures=["cut", "malformed", "500"], seed=1, receipt_twice=1))
    site.client.call("channels_bulk", "run_due", until=NOW.isoformat())
    site.sandbox.play.behave("sms", Behaviour(receipt_twice=1))
    later = NOW + timedelta(minutes=2)
    site.deployment.move_clock(later)
    ran = site.client.call("channels_bulk", "run_due", until=later.isoformat())
    [message] = site.sandbox.play.book.rows("messages")
    assert (ran["sent"], message["id"], message["state"], message["asked"] > 1) == (1, "sms-1", "accepted", True)
    clock = [message["receipt_due"]]
    receipts = Receipts(site.sandbox.play.book, site.client, now=lambda: clock[0])
    assert receipts.tell_due() == 1
    clock[0] += 60
    assert receipts.tell_due() == 1, "the same receipt again changes nothing"
    [message] = site.sandbox.play.book.rows("messages")
    assert message["receipt_note"] == "told"
    again = site.client.call("channels", "record_outcome", contact_id="sms-1", outcome="delivered", detail="")
    assert again["outcome"] == "delivered"


def _reserve(site: Site, contact_id: str) -> None:
    """Reserve a contact by SMS and hand it to channels, as campaigns would."""
    contact = {
        "contact_id": contact_id,
        "customer_id": "somebody",
        "channel": "sms",
        "campaign_id": "by-hand",
        "offering_id": "weather",
    }
    request = contact | {
        "category": "news",
        "purpose": "marketing",
        "direction": "outbound",
        "planned_at": NOW.isoformat(),
    }
    [verdict] = site.client.call("governance", "reserve", requests=[request])
    assert verdict["verdict"] == "permit"
    order = contact | {
        "cell": "main",
        "script_zh": "你好",
        "script_en": "",
        "planned_at": NOW.isoformat(),
        "expires_at": verdict["expires_at"],
    }
    assert site.client.call("channels_bulk", "dispatch", orders=[order])["taken"] == 1
