"""Figures of the funnel: candidates that fell out, by stage and by the rule that decided."""

from collections import Counter
from collections.abc import Iterable, Sequence

from services.campaigns.domain.candidate import Cause, Stage
from shared.observability.metrics import counter

_dropped = counter(
    "banyan_campaigns_dropped", "Candidates that fell out, by stage and deciding rule", ("stage", "rule")
)


def count_dropped(fallen: Iterable[tuple[Stage | None, Sequence[Cause]]]) -> None:
    """Count those who fell at a stage (None: they did not), as they are stored; a run that is repeated counts again."""
    for (stage, rule), count in Counter(
        (stage, reasons[0].rule_id if reasons else "") for stage, reasons in fallen if stage is not None
    ).items():
        _dropped.labels(stage.value, rule).inc(count)
