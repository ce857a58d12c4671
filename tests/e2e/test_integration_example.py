"""The examples of docs/integration.md are programs that work: an integrator copies them and runs them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.messaging.client import BanyanClient
from tests.support.deployment import ROOT, Deployment

pytestmark = [pytest.mark.servers, pytest.mark.slow]

EXAMPLE = ROOT / "docs" / "examples" / "first_recommend.py"
RESERVING = ROOT / "docs" / "examples" / "reserve_and_confirm.py"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Copy the example to a folder of its own, as an integrator does."""
    return Path(shutil.copy(EXAMPLE, tmp_path))


def run(example: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, example.name, *arguments],
        cwd=example.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def visitor(client: BanyanClient) -> str:
    """Find a subscriber for whom the hall has an offer."""
    page = client.call(
        "campaigns_bulk", "members_page", campaign_id="crbt-win-back", cell="two-months", after="", limit=200
    )
    for member in page["members"]:
        context = {"request_id": f"looking-{member['customer_id']}"}
        advice = client.call(
            "campaigns", "recommend", customer_id=member["customer_id"], channel="hotline", context=context
        )
        if advice["offers"]:
            return str(member["customer_id"])
    msg = "there is no member with an offer"
    raise AssertionError(msg)


def test_the_example_gets_an_offer_and_records_the_answer(
    town: Deployment, client: BanyanClient, example: Path
) -> None:
    customer_id = visitor(client)
    done = run(example, town.amqp_url, customer_id, "hall")
    assert (done.returncode, done.stderr) == (0, "")
    *offers, noted = done.stdout.splitlines()
    assert offers
    contact_id = noted.split()[1]
    receipt = client.call("governance", "explain", contact_id=contact_id)
    assert (receipt["request"]["customer_id"], receipt["verdict"]["verdict"]) == (customer_id, "permit")


def test_the_example_tells_a_fault_by_its_code(town: Deployment, example: Path) -> None:
    done = run(example, town.amqp_url, "nobody")
    assert done.returncode == 1
    assert done.stderr.startswith("not_found: ")


def test_the_reserving_example_makes_one_contact_however_often_it_runs(
    town: Deployment, client: BanyanClient, tmp_path: Path
) -> None:
    example, at = Path(shutil.copy(RESERVING, tmp_path)), "2026-03-02T15:00:00+08:00"
    for _ in range(2):
        done = run(example, town.amqp_url, "reserved-anna", at)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == f"crm-spring-reserved-anna-{at} confirmed overrun=False"
    receipts = client.call("governance", "history", customer_id="reserved-anna")
    assert [one["state"] for one in receipts] == ["confirmed"]


def test_the_reserving_example_leaves_alone_whom_the_rules_protect(town: Deployment, tmp_path: Path) -> None:
    example = Path(shutil.copy(RESERVING, tmp_path))
    done = run(example, town.amqp_url, "reserved-ben", "2026-03-02T23:00:00+08:00")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == ["not now: 免打扰时段 / quiet hours", "possible from: 2026-03-03T01:00:00Z"]


@pytest.mark.parametrize("example", [EXAMPLE, RESERVING])
def test_the_example_imports_nothing_of_ours(example: Path) -> None:
    imported = [line for line in example.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imported if "shared" in line or "services" in line]
