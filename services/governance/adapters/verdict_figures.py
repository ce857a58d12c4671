"""Figures of what governance decides: permits, and suppressions by the rule that decided, per channel."""

from collections import Counter
from collections.abc import Sequence

from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import CHANNELS
from shared.observability.metrics import counter, histogram

_permits = counter("banyan_governance_permits", "Contacts permitted", ("channel",))
_suppressions = counter(
    "banyan_governance_suppressions", "Contacts suppressed, by the decisive rule", ("channel", "rule")
)
_batches = histogram(
    "banyan_governance_reserve_batch", "Requests in one call of reserve", buckets=(1, 2, 5, 10, 50, 200, 1000, 5000)
)
_OTHER = "other"
"""Of a request that names no channel of ours: it is suppressed, and what it named must not become a label."""


def count_verdicts(requests: Sequence[ContactRequest], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Count the verdicts of one call of `reserve`, given in the order of its requests; return them."""
    _batches.observe(len(requests))
    told = Counter(
        (request.channel, verdict.reasons[0].rule_id if verdict.verdict == "suppress" else None)
        for request, verdict in zip(requests, verdicts, strict=True)
    )
    for (named, rule), count in told.items():
        channel = named if named in CHANNELS else _OTHER
        if rule is None:
            _permits.labels(channel).inc(count)
        else:
            _suppressions.labels(channel, rule).inc(count)
    return list(verdicts)
