"""What governance says, checked: a verdict must belong to its request, or no contact is made."""

from collections.abc import Callable, Sequence

from services.campaigns.domain.candidate import Cause
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import Reason
from shared.kernel.faults import Unavailable


def judged_by(
    ask: Callable[[Sequence[ContactRequest]], list[Verdict]], requests: Sequence[ContactRequest]
) -> list[Verdict]:
    """Return governance's verdicts, one per request and in its order; raises Unavailable when they do not match."""
    verdicts = ask(requests)
    if [each.contact_id for each in verdicts] != [each.contact_id for each in requests]:
        raise Unavailable("governance answered other requests than were asked: no contact is made")
    return verdicts


def cause_of(reason: Reason) -> Cause:
    """Return a reason from the wire as the domain's value."""
    return Cause(reason.rule_id, reason.rule_version, reason.text)
