"""Processes that serve on a private RabbitMQ."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.messaging.client import BanyanClient

PROGRAM = Path(__file__).parent / "served.py"
Serve = Callable[..., "subprocess.Popen[str]"]


def started(amqp_url: str, folder: Path, *names: str, **settings: str) -> "subprocess.Popen[str]":
    """Start a server and wait until it says that it is ready."""
    environment = {
        **os.environ,
        "BANYAN_AMQP_URL": amqp_url,
        "BANYAN_RETRY_SECONDS": "0.05,0.1,0.2",
        "BANYAN_LOG": "text",
        "NOTES": str(folder),
        **settings,
    }
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *names], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("banyan ready:"), (folder / "log").read_text()
    return process


@pytest.fixture
def serve(amqp_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Call it to serve classes by name; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(*names: str, **settings: str) -> "subprocess.Popen[str]":
        running.append(started(amqp_url, tmp_path, *names, **settings))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def echo(amqp_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["subprocess.Popen[str]"]:
    """Return a served `echo` that all tests of a module share, for those that must not end it."""
    process = started(amqp_url, tmp_path_factory.mktemp("echo"), "echo")
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture
def client(amqp_url: str) -> Iterator[BanyanClient]:
    """Return a client that is closed afterwards."""
    with BanyanClient(amqp_url) as opened:
        yield opened
