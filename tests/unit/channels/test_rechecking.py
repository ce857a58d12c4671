"""What channels makes of governance's answers, and of its refusal to answer."""

from collections.abc import Sequence

import pytest

from services.channels.application.rechecking import recheck
from shared.contracts.governance import Verdict
from shared.kernel.faults import InvalidRequest, RemoteFault, Unavailable


class Picky:
    """Permits everybody, but takes no question that names somebody it cannot be asked about."""

    def __init__(self, bad: set[str], code: str = "invalid_request") -> None:
        self.bad, self.code, self.calls = bad, code, 0

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        self.calls += 1
        if self.bad & set(contact_ids):
            raise InvalidRequest("no") if self.code == "invalid_request" else RemoteFault(self.code, "no")
        return [
            Verdict(contact_id=each, verdict="permit", reasons=[], next_allowed_at=None, expires_at=None)
            for each in contact_ids
        ]


@pytest.mark.parametrize("code", ["invalid_request", "message_too_large"])
def test_a_contact_governance_cannot_be_asked_about_holds_up_no_other(code: str) -> None:
    wanted = [f"contact-{number}" for number in range(2_000)]
    governance = Picky({"contact-7", "contact-1999"}, code)
    found = recheck(governance, wanted)
    assert found.undecided == governance.bad
    assert found.permitted == set(wanted) - governance.bad
    assert governance.calls < 50


def test_a_governance_that_fails_is_asked_once_and_nothing_is_made() -> None:
    governance = Picky({"a"}, "internal_fault")
    with pytest.raises(Unavailable, match="none is made"):
        recheck(governance, ["a", "b"])
    assert governance.calls == 1
