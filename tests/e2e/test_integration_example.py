"""The example of docs/integration.md is a program that works: an integrator copies it and runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.messaging.client import BanyanClient
from tests.support.deployment import ROOT, Deployment

pytestmark = [pytest.mark.servers, pytest.mark.slow]

EXAMPLE = ROOT / "docs" / "examples" / "first_recommend.py"


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


def test_the_example_imports_nothing_of_ours() -> None:
    imported = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imported if "shared" in line or "services" in line]
