"""Reserved and dispatched, then an opt-out arrives: nothing is sent, and the receipt says why."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.client import BanyanClient
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Fuzhou
THURSDAY = MONDAY + timedelta(days=3)


class _Gateway(BaseHTTPRequestHandler):
    """An SMS centre that accepts everything."""

    sent: list[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = [message["id"] for message in body["messages"]]
        self.sent += ids
        answer = json.dumps({"results": [{"id": name, "status": "accepted"} for name in ids]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Keep quiet."""


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[str]]]:
    """Return the URL of an SMS centre, and the ids of the messages it was given."""
    sent: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Gateway", (_Gateway,), {"sent": sent}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    thread.join()
    server.server_close()


def contact(name: str, who: str, channel: str, planned_at: datetime) -> dict[str, Any]:
    return {
        "contact_id": name,
        "customer_id": who,
        "channel": channel,
        "campaign_id": "spring",
        "offering_id": f"offering-{name}",
        "planned_at": planned_at.isoformat(),
    }


def plan(operator: Operator, contacts: list[dict[str, Any]]) -> None:
    """Reserve the contacts and hand them over to channels."""
    asked = {"category": "music", "purpose": "marketing", "direction": "outbound"}
    verdicts = operator.ask("governance", "reserve", requests=[one | asked for one in contacts])
    assert [one["verdict"] for one in verdicts] == ["permit"] * len(contacts), verdicts
    more = {"cell": "main", "script_zh": "您好", "script_en": "Hello"}
    orders = [one | more | {"expires_at": told["expires_at"]} for one, told in zip(contacts, verdicts, strict=True)]
    assert operator.ask("channels_bulk", "dispatch", orders=orders)["taken"] == len(contacts)


def final_states(town: Deployment, operator: Operator) -> dict[object, object]:
    """Let what is due happen, by this call or by the timer, and return what became of the messages."""
    for _ in range(100):
        operator.insist("channels_bulk", "run_due", until=None)
        town.settle()
        states = dict(town.query("channels", "SELECT contact_id, state FROM progress WHERE channel = 'sms'"))  # type: ignore[arg-type]  # pairs
        if not {"waiting", "sending"} & set(states.values()):
            break
        time.sleep(0.2)
    return states


def test_an_opt_out_between_reservation_and_sending_wins(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path, gateway: tuple[str, list[str]]
) -> None:
    url, sent = gateway
    real = {"BANYAN_CHANNELS": "real", "BANYAN_SMS_GATEWAY_URL": url}
    processes = [("governance", "channels")]
    town = Deployment(postgres, broker, tmp_path, now=MONDAY, processes=processes, settings=real)
    with town, BanyanClient(town.amqp_url) as client:
        operator = Operator(town, client)
        calls = [contact("call", "anna", "outbound_call", MONDAY)]
        texts = [contact(f"text-{who}", who, "sms", THURSDAY) for who in ("anna", "bert")]
        plan(operator, calls + texts)
        [item] = operator.ask("channels", "worklist", channel="outbound_call", limit=9)
        operator.ask("channels", "record_outcome", contact_id=item["contact_id"], outcome="opt_out", detail="别再打了")
        town.settle()

        town.move_clock(THURSDAY)
        assert final_states(town, operator) == {"text-anna": "failed", "text-bert": "sent"}
        assert sent == ["text-bert"]
        [(detail,)] = town.query("channels", "SELECT detail FROM progress WHERE contact_id = 'text-anna'")
        assert str(detail).startswith("withdrawn: ")

        receipt = operator.ask("governance", "explain", contact_id="text-anna")
        assert (receipt["verdict"]["verdict"], receipt["state"]) == ("permit", "released")
        assert receipt["withdrawn"][0]["rule_id"] == "opt-out-list"
        assert "派发前复核时预留被撤回" in receipt["explanation_zh"]
        assert operator.ask("governance", "explain", contact_id="text-bert")["state"] == "confirmed"
