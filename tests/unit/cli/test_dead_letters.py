"""`banyan dead-letters show`: what strangers wrote, shown to a person at a terminal."""

import json

import pytest
from click.testing import CliRunner

from services.workbench.cli.commands import banyan
from shared.messaging import dead_letters
from shared.messaging.dead_letters import DeadLetter

EVIL = "\x1b[2J\x1b]0;mine\x07 号码\r\n"


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> DeadLetter:
    letter = DeadLetter(message_id=EVIL, queue="rpc-campaigns", error=EVIL, attempts=1, body=EVIL + "[" * 10_000)
    monkeypatch.setattr(dead_letters, "show", lambda *_: [letter])
    return letter


@pytest.mark.usefixtures("parked")
def test_a_stranger_does_not_steer_the_terminal_nor_fill_it() -> None:
    shown = CliRunner().invoke(banyan, ["dead-letters", "show", "rpc-campaigns"]).output
    assert all(one.isprintable() for one in shown.replace("\n", ""))
    assert "号码" in shown
    assert len(shown) < 3_000
    assert "--json has all" in shown


def test_programs_get_all_of_it(parked: DeadLetter) -> None:
    told = CliRunner().invoke(banyan, ["dead-letters", "show", "rpc-campaigns", "--json"]).stdout
    assert "\x1b" not in told
    assert json.loads(told)[0]["body"] == parked.body
