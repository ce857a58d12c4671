"""An id that no row can have is nothing that anybody needs a programmer for."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from services.governance.application.use_cases import UseCases
from shared.contracts.governance import ContactState
from shared.kernel.faults import InvalidRequest, NotFound
from tests.integration.governance.world import World

ODD = "a\x00b"


def test_contacts_that_nobody_can_know_are_unknown_and_the_others_of_the_batch_are_told(world: World) -> None:
    assert world.permits("a", 1)
    assert [told.verdict for told in world.use.recheck([ODD, "a"])] == ["suppress", "permit"]
    assert [told.state for told in world.use.confirm([ODD, "a"])] == ["unknown", "confirmed"]
    assert world.use.release([ODD], "busy") == [ContactState(contact_id=ODD, state="unknown")]
    assert world.use.list_remove("black", [ODD], "clerk", "mistake") == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda use: use.explain(ODD),
        lambda use: use.history(ODD),
        lambda use: use.audit(ODD),
        lambda use: use.overrides(ODD),
        lambda use: use.override_approve(ODD, "other"),
        lambda use: use.override_withdraw(ODD, "other", "mistake"),
        lambda use: use.list_read("black", "", 9, ODD).entries,
    ],
)
def test_who_asks_about_one_is_told_that_there_is_nothing_or_that_it_is_no_id(
    world: World, ask: Callable[[UseCases], object]
) -> None:
    with suppress(InvalidRequest, NotFound):
        assert ask(world.use) == []
