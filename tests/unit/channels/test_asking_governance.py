"""governance asked over the bus, by many workers at once."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from services.channels.adapters.governance import RemoteGovernance
from shared.contracts.governance import Verdict
from shared.kernel.faults import Unavailable

PERMIT = Verdict(contact_id="a", verdict="permit", reasons=[], next_allowed_at=None, expires_at=None)


class Caller:
    """Stands for the bus; `meanwhile` is what other workers do while this call waits."""

    def __init__(self) -> None:
        self.calls, self.is_silent = 0, False
        self.meanwhile: Callable[[], object] = lambda: None

    def call(
        self, service: str, method: str, arguments: Mapping[str, object], returns: type[Any], timeout: float = 0
    ) -> Any:
        assert (service, method, arguments, returns) == ("governance", "recheck", {"contact_ids": ["a"]}, list[Verdict])
        self.calls += 1
        self.meanwhile()
        if self.is_silent:
            raise Unavailable(f"no answer within {timeout} s")
        return [PERMIT]


def test_while_governance_is_silent_one_worker_waits_and_the_others_are_told_at_once() -> None:
    caller = Caller()
    governance = RemoteGovernance(caller, "governance", 10)
    caller.is_silent = True
    with pytest.raises(Unavailable, match="no answer"):
        governance.recheck(["a"])

    def others() -> None:
        for _ in range(3):
            with pytest.raises(Unavailable, match="being asked already"):
                governance.recheck(["a"])

    caller.meanwhile = others
    with pytest.raises(Unavailable, match="no answer"):
        governance.recheck(["a"])
    caller.is_silent = False
    assert governance.recheck(["a"]) == [PERMIT]
    assert caller.calls == 3


def test_while_governance_answers_everybody_may_ask_at_once() -> None:
    caller = Caller()
    governance = RemoteGovernance(caller, "governance", 10)

    def another() -> None:
        caller.meanwhile = lambda: None
        assert governance.recheck(["a"]) == [PERMIT]

    caller.meanwhile = another
    assert governance.recheck(["a"]) == [PERMIT]
    assert caller.calls == 2
