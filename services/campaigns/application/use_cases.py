"""Everything this service can be asked to do, and everything it listens to."""

from collections.abc import Callable
from dataclasses import dataclass

from services.campaigns.application.case_work import CaseWork
from services.campaigns.application.decisions import Decisions
from services.campaigns.application.evaluate import Evaluate
from services.campaigns.application.listening import Listening
from services.campaigns.application.offers import Question
from services.campaigns.application.responding import Responding
from services.campaigns.application.run_due import RunDue
from services.campaigns.application.tell import Tell
from shared.contracts.campaigns import Recommendation


@dataclass(frozen=True, slots=True)
class UseCases:
    """The verbs, grouped by what they are about."""

    cases: CaseWork
    runs: RunDue
    listening: Listening
    results: Evaluate
    tell: Tell
    recommend: Callable[[Question], Recommendation]
    """Concurrent questions are answered together; raises the fault of its own question."""
    responding: Responding
    decisions: Decisions
    has_timers: bool
    """Whether runs are started by this process's timer."""
