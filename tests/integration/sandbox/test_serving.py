"""The sandbox as a process: what it answers over HTTP, its controls, its page, and its end."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from services.workbench.cli.commands import banyan
from services.workbench.sandbox.behaviour import Behaviour
from services.workbench.sandbox.control import Control
from services.workbench.sandbox.serving import Sandbox
from shared.kernel.faults import RemoteFault, Unavailable

ROOT = Path(__file__).parents[3]
ORDER = {"order_id": "a", "customer_id": "c", "offering_id": "o", "products": ["crbt"]}


@pytest.fixture(scope="module")
def process() -> Iterator[str]:
    """Start the real process on a free port; give its address; it must end well when asked to."""
    command = [sys.executable, "-m", "services.workbench.cli.main", "sandbox", "serve", "--port", "0"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BANYAN_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        told = re.search(r"http://\S+", running.stdout.readline())
        assert told
        yield told[0]
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


@pytest.fixture
def http(process: str) -> Iterator[httpx.Client]:
    Control(process).forget()
    with httpx.Client(base_url=process, timeout=20, trust_env=False) as client:
        yield client


def run(process: str, *arguments: str) -> str:
    result = CliRunner().invoke(banyan, ["sandbox", *arguments], env={"BANYAN_SANDBOX_URL": process})
    assert result.exit_code == 0, result.output
    return result.output


def test_orders_arrive_and_are_shown_to_programs_and_people(http: httpx.Client, process: str) -> None:
    odd = ORDER | {"customer_id": "<b>c"}
    answer = http.post("/crm/orders", json={"orders": [odd]}, headers={"Idempotency-Key": "k"})
    assert answer.json() == {"results": [{"order_id": "a", "status": "done", "message": ""}]}
    [row] = json.loads(run(process, "orders", "--json"))
    assert (row["system"], row["order_id"], row["state"], row["asked"], row["carried_out"]) == (
        "crm",
        "a",
        "done",
        1,
        1,
    )
    [call] = json.loads(run(process, "calls", "--only", "k", "--json"))
    assert (call["path"], call["items"], call["status"]) == ("orders", 1, 200)
    page = http.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;c" in page.text
    assert "<b>c" not in page.text


def test_messages_arrive(http: httpx.Client, process: str) -> None:
    http.post("/sms/messages", json={"messages": [{"id": "m", "to": "c", "text": "你好"}]})
    assert "你好" in run(process, "messages")


def test_behaviours_are_set_from_the_command_line_and_taken_back(http: httpx.Client, process: str) -> None:
    run(
        process, "behave", "crm", "--fail", "100%", "--failure", "503", "--late", "1ms", "--reorder", "0", "--seed", "7"
    )
    told = Control(process).state().behaviours["crm"]
    assert told == Behaviour(fail=1, failures=["503"], late=0.001, seed=7)
    assert http.post("/crm/orders", json={"orders": [ORDER]}).status_code == 503
    assert http.post("/ismp/orders", json={"orders": [ORDER]}).status_code == 200
    assert "without fault" in run(process, "behave", "all")
    assert http.post("/crm/orders", json={"orders": [ORDER]}).status_code == 200


def test_an_answer_can_be_cut_in_the_middle(http: httpx.Client, process: str) -> None:
    Control(process).behave("crm", Behaviour(fail=1, failures=["cut"]))
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/crm/orders", json={"orders": [ORDER]})
    assert Control(process).rows("calls")[0]["status"] == 0


def test_what_was_put_aside_is_carried_out_on_demand(http: httpx.Client, process: str) -> None:
    Control(process).behave("crm", Behaviour(reorder=1))
    assert http.post("/crm/orders", json={"orders": [ORDER]}).status_code == 504
    run(process, "flush")  # where two seconds have passed it has been carried out by itself
    assert Control(process).state().counts["crm"] == {"done": 1}


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/nothing", b"", 404, "not_found"),
        ("POST", "/crm/messages", b"", 404, "not_found"),
        ("POST", "/crm/orders", b"{", 400, "invalid_request"),
        ("GET", "/control/orders?limit=0", b"", 400, "invalid_request"),
        ("PUT", "/control/behaviour/boss", b"{}", 404, "not_found"),
        ("PUT", "/control/behaviour/crm", b'{"fail": 2}', 400, "invalid_request"),
        ("PUT", "/control/behaviour/crm", b'{"sulk": 1}', 400, "invalid_request"),
    ],
)
def test_a_request_that_is_none_is_told_by_its_code(
    http: httpx.Client, method: str, path: str, content: bytes, status: int, code: str
) -> None:
    answer = http.request(method, path, content=content)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert http.get("/health").json() == {"status": "ok"}


def test_a_request_that_is_too_large_is_not_even_read(process: str) -> None:
    connection = HTTPConnection(process.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/crm/orders")
    connection.putheader("Content-Length", "8000001")
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (413, "too_large")
    connection.close()


def test_the_control_tells_a_refusal_by_its_code(process: str) -> None:
    with pytest.raises(RemoteFault) as fault:
        Control(process).rows("orders", limit=9_999)
    assert fault.value.code == "invalid_request"


def test_a_port_that_is_taken_is_told(process: str) -> None:
    port = process.rsplit(":", 1)[1]
    result = CliRunner().invoke(banyan, ["sandbox", "serve", "--port", port])
    assert (result.exit_code, "cannot_listen" in result.output) == (1, True)


def test_it_ends_at_once_though_an_answer_is_late() -> None:
    with Sandbox() as sandbox, httpx.Client(timeout=httpx.Timeout(20, read=0.2), trust_env=False) as client:
        sandbox.play.behave("crm", Behaviour(late=600))
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{sandbox.url}/crm/orders", json={"orders": [ORDER]})


def test_receipts_are_told_as_the_user_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each service has a user of its own, the sandbox has one, too: an address with a gap in it is none."""

    def refused(url: str) -> None:
        raise Unavailable(f"asked for {url}")

    monkeypatch.setenv("BANYAN_AMQP_URL", "amqp://banyan_{service}:x@bus/banyan")
    monkeypatch.setattr("shared.messaging.client.BanyanClient", refused)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    result = CliRunner().invoke(banyan, ["sandbox", "serve", "--port", "0", "--receipts"])
    assert "amqp://banyan_operator:x@bus/banyan" in str(result.exception) + result.output
