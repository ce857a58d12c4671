"""The example on the page of the wire protocol is copied and run, as a reader would: with pika alone."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pika  # type: ignore[import-untyped]  # pika ships no types
import pytest

from shared.messaging.client import BanyanClient
from tests.contract.published import Published
from tests.unit.catalogue.making import asked

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "wire-protocol.md"
BANYAN = [sys.executable, "-m", "services.workbench.cli.main"]
QUEUE = "reader.events"
_BLOCK = re.compile(r"^```python\n(# wire_example\.py.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Copy the example to a folder of its own."""
    [text] = _BLOCK.findall(PAGE.read_text("utf-8"))
    program = tmp_path / "wire_example.py"
    program.write_text(text, "utf-8")
    return program


@pytest.fixture
def catalogue(amqp_url: str, tmp_path: Path) -> Iterator[None]:
    """Serve the catalogue on a database of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BANYAN_")} | {
        "BANYAN_AMQP_URL": amqp_url,
        "BANYAN_VAR": str(tmp_path / "var"),
        "BANYAN_RULES_DIR": str(ROOT / "rules"),
    }
    subprocess.run([*BANYAN, "migrate", "catalogue"], cwd=ROOT, env=environment, check=True, timeout=120)
    command = [*BANYAN, "serve", "catalogue"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline().startswith("banyan ready:")
        yield
        service.terminate()
        service.wait(30)


def make_queue(amqp_url: str) -> None:
    """Do what the operator does for an integrator."""
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, "catalogue.events", "offerings_changed")


def await_event(amqp_url: str) -> None:
    """Return when an event is in the queue: the example waits no longer than a reader of a page would."""
    deadline = time.monotonic() + 60
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        while not channel.queue_declare(QUEUE, passive=True).method.message_count:
            assert time.monotonic() < deadline, "no event came"
            connection.sleep(0.1)


def run(example: Path, *arguments: str) -> list[str]:
    """Run it away from the checkout; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-P", example.name, *arguments],
        cwd=example.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.usefixtures("catalogue")
def test_the_example_calls_reads_a_fault_and_hears_an_event_once(amqp_url: str, example: Path) -> None:
    assert run(example, amqp_url) == ["0 offerings", "not_found offering_id"]
    make_queue(amqp_url)
    with BanyanClient(amqp_url) as client:
        tone = asked("tone", category="crbt")
        assert client.call("catalogue", "upsert_offerings", offerings=[tone])["written"] == 1
    await_event(amqp_url)
    assert run(example, amqp_url, QUEUE) == ["catalogue.events offerings_changed ['offerings']"]
    assert run(example, amqp_url, QUEUE) == []
    assert run(example, amqp_url)[0] == "1 offerings"


def test_the_bodies_on_the_page_are_as_published() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    names = ["governance.release.request", "governance.release.reply", "fault"]
    published = Published()
    assert [published.faults_of(name, line.encode(), {}) for name, line in zip(names, lines, strict=True)] == [[]] * 3
    assert published.faults_of("fault", lines[1].encode(), {})


def test_the_example_imports_pika_and_the_standard_library_alone(example: Path) -> None:
    imported = re.findall(r"^(?:import|from) (\w+)", example.read_text("utf-8"), re.MULTILINE)
    assert set(imported) - sys.stdlib_module_names == {"pika"}
