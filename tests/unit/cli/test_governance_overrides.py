"""`banyan governance override` and `audit`: what they ask, what they print, how they end."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from shared.contracts.governance import ListEntry, OverrideProposal
from shared.kernel.faults import NotAllowed
from tests.integration.governance.world import START, World
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]
RED = "kind: list_effect\nlist: red\noverride: two_persons"
UNTIL = (START + timedelta(days=9)).isoformat()
PROPOSE = ("propose", "anna", "red", "--reason", "she asked", "--until", UNTIL, "--id", "o1")


@pytest.fixture
def world(tmp_path: Path, fake_bus: FakeBus) -> Iterator[World]:
    """Return a governance that has Anna on its red list, and answers what the commands ask."""
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, {"red": RED})
    place.use.list_put("red", [ListEntry(customer_id="anna", reason="key account", source="sales", author="Wu")])

    def propose(proposal: Any) -> Any:
        return place.use.override_propose(msgspec.convert(msgspec.to_builtins(proposal), OverrideProposal))

    asked = {
        "override_propose": propose,
        "override_approve": place.use.override_approve,
        "override_withdraw": place.use.override_withdraw,
        "overrides": place.use.overrides,
        "audit": place.use.audit,
    }
    for name, answer in asked.items():
        fake_bus.answers["governance", name] = lambda answer=answer, **rest: msgspec.to_builtins(answer(**rest))
    yield place
    place.close()


def test_two_persons_lift_a_list_effect_and_the_audit_tells(run: Run, world: World) -> None:
    proposed = run("governance", "override", *PROPOSE, "--author", "Lin", "--channel", "sms", "--json")
    assert json.loads(proposed.stdout)["state"] == "proposed"
    assert "已批准 · approved" in run("governance", "override", "approve", "o1", "--author", "Zhao").stdout
    assert world.permits("a", 1)
    shown = run("governance", "override", "show", "anna")
    assert "Zhao" in shown.stdout
    withdrawn = run("governance", "override", "withdraw", "o1", "--author", "Wu", "--reason", "done", "--json")
    assert json.loads(withdrawn.stdout)["withdrawn_by"] == "Wu"
    assert not world.permits("b", 2)
    notes = json.loads(run("governance", "audit", "anna", "--json").stdout)
    assert [note["action"] for note in notes] == [
        "override_withdraw",
        "override_approve",
        "override_propose",
        "list_put",
    ]
    assert "she asked" in run("governance", "audit", "anna").stdout


def test_who_proposed_cannot_approve_and_is_told_in_one_line(run: Run, world: World) -> None:
    assert run("governance", "override", *PROPOSE, "--author", "Lin").exit_code == 0
    with pytest.raises(NotAllowed):
        world.use.override_approve("o1", "lin")
    said = run("governance", "override", "approve", "o1", "--author", " LIN ")
    assert said.exit_code == 1
    assert said.stderr.startswith("banyan: not_allowed: override 'o1': who proposed it cannot approve it")


def test_without_an_id_every_proposal_is_one_of_its_own(run: Run, world: World) -> None:
    for _ in range(2):
        assert run("governance", "override", *PROPOSE[:-2], "--author", "Lin").exit_code == 0
    assert len(world.use.overrides("anna")) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        PROPOSE,
        ("propose", "anna", "red", "--reason", "x", "--author", "Lin"),
        ("approve", "o1"),
        ("withdraw", "o1", "--author", "Wu"),
        ("show",),
    ],
)
def test_what_is_asked_wrongly_ends_in_two(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("governance", "override", *arguments).exit_code == 2
