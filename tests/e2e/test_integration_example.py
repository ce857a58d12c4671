"""The page for integrators works as it stands: in an empty environment, as the user that the operator gives them."""

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from services.workbench.broker.definitions import VHOST, definitions
from services.workbench.broker.integrators import read_integrators
from services.workbench.broker.passwords import hash_of
from services.workbench.broker.surface import surface
from shared.messaging.client import BanyanClient
from shared.messaging.settings import BusSettings
from tests.support.deployment import ROOT, Deployment
from tests.support.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PAGE = ROOT / "docs" / "integration.md"
EXAMPLES = ROOT / "docs" / "examples"
INTEGRATOR = "integrator"
DAY = "2026-03-02"  # on which the deployment's clock stands
_COMMAND = re.compile(r"^\$ (?P<command>.+?)(?: +#.*)?$", re.MULTILINE)


@pytest.fixture(scope="module")
def my_url(town: Deployment, broker: RabbitMQ) -> Iterator[str]:
    """Give the deployment the integrator of docker/rabbitmq/integrators.yaml, with his rights and queues alone."""
    settings, password = BusSettings(), secrets.token_hex(12)
    offered = surface(settings)
    integrators = read_integrators(ROOT / "docker" / "rabbitmq" / "integrators.yaml", offered.methods, offered.events)
    whole = definitions(settings, offered, integrators, {INTEGRATOR: hash_of(password)})
    vhost = urlsplit(town.amqp_url).path.lstrip("/")
    his = {part: [_moved(one, vhost) for one in rows if _is_his(one)] for part, rows in whole.items()}
    broker.ask("POST", "/api/definitions", his)
    parts = urlsplit(town.amqp_url)
    yield urlunsplit(parts._replace(netloc=f"{INTEGRATOR}:{password}@{parts.hostname}:{parts.port}"))
    broker.ask("DELETE", f"/api/users/{INTEGRATOR}")
    for row in his["queues"]:
        broker.ask("DELETE", f"/api/queues/{vhost}/{row['name']}")  # others wait until all queues are empty


def _moved(row: dict[str, object], vhost: str) -> dict[str, object]:
    return {**row, "vhost": vhost} if row.get("vhost") == VHOST else row


def _is_his(row: dict[str, object]) -> bool:
    names = [str(row.get(key, "")) for key in ("user", "name", "destination")]
    return any(name.removeprefix("dead.").partition(".")[0] == INTEGRATOR for name in names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that looks like a checkout to whoever reads the page, with nothing installed."""
    made = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(EXAMPLES, made / "docs" / "examples")
    shutil.copytree(ROOT / "shared" / "client", made / "shared" / "client")
    return made


def shell(folder: Path, command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run what somebody types into a terminal, in whose path there is Python and nothing of this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BANYAN_", "PYTHON", "VIRTUAL"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**kept, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def commands() -> list[str]:
    """Return what the page tells to type, in order."""
    part = PAGE.read_text("utf-8").partition("## On one page")[2].partition("\n## ")[0]
    return [found["command"] for found in _COMMAND.finditer(part)]


@pytest.fixture(scope="module")
def newcomer(folder: Path) -> Path:
    """Follow the page up to the client's installation."""
    make, install = commands()[:2]
    assert (make, install) == ("python3 -m venv v", "v/bin/pip install ./shared/client")
    for command in (make, install):
        done = shell(folder, command)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_environment_holds_the_client_and_pika_alone(newcomer: Path) -> None:
    for name in ("nameko", "eventlet", "msgspec", "shared", "services"):
        assert "ModuleNotFoundError" in shell(newcomer, f"cd /; {newcomer}/v/bin/python -c 'import {name}'").stderr
    listed = shell(newcomer, "v/bin/python -m pip list --format=freeze").stdout.split()
    assert {line.partition("==")[0] for line in listed} - {"pip", "setuptools"} == {"banyan-client", "pika"}
    code = "import banyan_client; print(banyan_client.__file__)"
    assert shell(newcomer, f'cd /; {newcomer}/v/bin/python -c "{code}"').stdout.startswith(f"{newcomer}/v/")
    left = [path.name for path in (newcomer / "shared" / "client").iterdir()]
    assert not {"build", "dist"} & set(left), "installing leaves nothing behind"


@pytest.fixture
def reading(newcomer: Path, town: Deployment, broker: RabbitMQ) -> Iterator["subprocess.Popen[str]"]:
    """Read events without the client, beside whatever the test does."""
    program = [newcomer / "v" / "bin" / "python", EXAMPLES / "first_event.py"]
    arguments = [town.amqp_url, "newcomer.events", "campaigns.outcomes_recorded", "120"]
    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()
    broker.ask("DELETE", f"/api/queues/{urlsplit(town.amqp_url).path.lstrip('/')}/newcomer.events")


def test_the_page_leads_to_a_first_recommendation_and_a_first_event(
    newcomer: Path, town: Deployment, client: BanyanClient, my_url: str, reading: "subprocess.Popen[str]"
) -> None:
    assert reading.stdout is not None
    assert reading.stdout.readline() == "reading newcomer.events\n"
    trial, desk = commands()[2:]
    made = shell(newcomer, f"{trial} {DAY}", OPERATOR=town.amqp_url)
    assert (made.returncode, made.stderr) == (0, "")
    customer_id = made.stdout.strip()
    assert re.fullmatch(r"TRIAL-[0-9a-f]{8}-[0-9]{2}", customer_id)
    done = shell(newcomer, desk.replace("TRIAL-0f3c2a91-01", customer_id), ME=my_url)
    assert (done.returncode, done.stderr) == (0, "")
    offered, noted, heard = done.stdout.splitlines()
    assert "彩铃体验: 彩铃首月免费" in offered
    contact_id = noted.split()[1]
    assert re.fullmatch(rf"event \S+: {re.escape(contact_id)} refused", heard)
    receipt = client.call("governance", "explain", contact_id=contact_id)
    assert (receipt["request"]["customer_id"], receipt["verdict"]["verdict"]) == (customer_id, "permit")
    assert any(f'"contact_id": "{contact_id}"' in line for line in reading.stdout), "the other reader hears of it, too"
    client.call("campaigns", "stop", campaign_id=f"trial-{customer_id.split('-')[1]}")


def example(newcomer: Path, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run an example that needs pika alone, in a folder of its own."""
    alone = newcomer / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copy(EXAMPLES / name, alone)
    return shell(alone, shlex.join(["../v/bin/python", name, *arguments]))


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


def test_the_example_without_the_client_gets_an_offer_and_records_the_answer(
    newcomer: Path, client: BanyanClient, my_url: str
) -> None:
    customer_id = visitor(client)
    done = example(newcomer, "first_recommend.py", my_url, customer_id, "hall")
    assert (done.returncode, done.stderr) == (0, "")
    *offers, noted = done.stdout.splitlines()
    assert offers
    receipt = client.call("governance", "explain", contact_id=noted.split()[1])
    assert (receipt["request"]["customer_id"], receipt["verdict"]["verdict"]) == (customer_id, "permit")


def test_the_examples_tell_a_fault_by_its_code(newcomer: Path, my_url: str) -> None:
    done = example(newcomer, "first_recommend.py", my_url, "nobody")
    assert (done.returncode, done.stderr[:11]) == (1, "not_found: ")
    done = shell(newcomer, 'v/bin/python docs/examples/front_desk.py "$ME" nobody', ME=my_url)
    assert (done.returncode, done.stderr[:11]) == (1, "not_found: ")


def test_the_reserving_example_makes_one_contact_however_often_it_runs(
    newcomer: Path, client: BanyanClient, my_url: str
) -> None:
    at = f"{DAY}T15:00:00+08:00"
    for _ in range(2):
        done = example(newcomer, "reserve_and_confirm.py", my_url, "reserved-anna", at)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == f"crm-spring-reserved-anna-{at} confirmed overrun=False"
    receipts = client.call("governance", "history", customer_id="reserved-anna")
    assert [one["state"] for one in receipts] == ["confirmed"]


def test_the_reserving_example_leaves_alone_whom_the_rules_protect(newcomer: Path, my_url: str) -> None:
    done = example(newcomer, "reserve_and_confirm.py", my_url, "reserved-ben", f"{DAY}T23:00:00+08:00")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == ["not now: 免打扰时段 / quiet hours", "possible from: 2026-03-03T01:00:00Z"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_no_example_imports_anything_of_the_repository(path: Path) -> None:
    imported = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imported if "shared" in line or "services" in line]
