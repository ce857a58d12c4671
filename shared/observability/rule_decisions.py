"""Figures of decisions at run time: the rules engine, and the reference executor that judges some of them again."""

from shared.observability.metrics import counter

compared = counter(
    "banyan_rule_decisions_compared", "Decisions of the rules engine judged again by the reference executor"
)
differing = counter("banyan_rule_decisions_differing", "Of those compared, how often the two differed", ("rule",))
engine_faults = counter("banyan_rule_engine_faults", "Questions the rules engine gave no answer to")
