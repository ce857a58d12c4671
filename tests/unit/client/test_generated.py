"""The typed part of the client is what the contracts say, and a user's program is checked against it."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.generate_client import stale
from services.workbench.registry import CONTAINERS
from shared.client import BanyanClient
from tests.contract.snapshots import methods_snapshot, promised_events

ROOT = Path(__file__).parents[3]
PROGRAM = """
from banyan_client import BanyanClient, BanyanError, Event
from banyan_client.messages import ContactRequest, OutcomesRecorded, Recommendation, Verdict

def desk(banyan: BanyanClient) -> Recommendation:
    return banyan.campaigns.recommend(customer_id="1", channel="hall", context={"request_id": "v"}, timeout=5)

def reserve(banyan: BanyanClient, requests: list[ContactRequest]) -> list[Verdict]:
    return banyan.governance_bulk.reserve(requests=requests)

def listen(banyan: BanyanClient) -> None:
    with banyan.events("channels", "outcomes_recorded", queue="crm.outcomes") as feed:
        for event in feed:
            for outcome in event.body["outcomes"]:
                print(outcome["customer_id"].upper())
            event.ack()
        feed.consume(handle)

def handle(event: Event[OutcomesRecorded]) -> None:
    print(event.body["outcomes"][0]["at"])
"""
MISTAKES = """
def wrong(banyan: BanyanClient) -> None:
    banyan.campaigns.recomend(customer_id="1")
    banyan.campaigns.recommend(customer_id=1, channel="hall", context={"request_id": "v"})
    banyan.campaigns.recommend(customer_id="1", channel="smoke", context={"request_id": "v"})
    banyan.campaigns.recommend(customer_id="1", channel="hall", context={"request": "v"})
    banyan.campaigns.status(campaign_id="c")["nmae"]
    banyan.campaigns.status(campaign_id="c", patience=3)
"""


def test_what_is_committed_is_what_the_code_says() -> None:
    assert sorted(stale()) == [], "run `python -m scripts.generate_client`"


def test_every_method_of_every_container_is_there() -> None:
    client = BanyanClient("amqp://nobody:x@localhost/")
    for container, methods in methods_snapshot().items():
        there = {name for name in dir(getattr(client, container)) if not name.startswith("_")} - {"name"}
        assert there == set(methods), container
    assert len(CONTAINERS) == len(methods_snapshot())


def test_every_promised_event_has_a_type() -> None:
    text = (ROOT / "shared/client/_generated/events.py").read_text("utf-8")
    for exchange, names in promised_events().items():
        for name in names:
            pair = f'source: Literal["{exchange.removesuffix(".events")}"],\n        event_type: Literal["{name}"],'
            assert pair in text, f"{exchange} {name}"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Make a folder in which the client is found as it is where it is installed alone."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "banyan_client").symlink_to(ROOT / "shared" / "client", target_is_directory=True)
    return tmp_path


def checked(folder: Path, program: str, *others: Path) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir=cache", "program.py", *others],
        cwd=folder,
        env={"MYPYPATH": str(folder / "packages"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_a_users_program_passes_the_strict_checker_and_mistakes_are_found(outside: Path) -> None:
    examples = [ROOT / "docs" / "examples" / f"{name}.py" for name in ("front_desk", "trial_campaign")]
    right = checked(outside, PROGRAM, *examples)
    assert (right.stdout, right.returncode) == ("", 0)
    wrong = checked(outside, PROGRAM + MISTAKES)
    first = len(PROGRAM.splitlines()) + 3
    lines = {int(line.split(":")[1]) for line in wrong.stdout.splitlines() if ": error:" in line}
    assert lines == set(range(first, first + 6)), wrong.stdout


def test_the_client_alone_needs_pika_and_nothing_of_ours(outside: Path) -> None:
    code = (
        "import sys; before = {*sys.modules}; import banyan_client, banyan_client.messages;"
        "roots = {name.partition('.')[0] for name in {*sys.modules} - before};"
        "foreign = roots - sys.stdlib_module_names - {'banyan_client', 'pika'}; print(*sorted(foreign))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=outside / "packages",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
