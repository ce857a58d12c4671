"""Decisions about one subscriber by durable-rules 2.0.28, behind a guard; the engine is imported in `engine` alone.

The engine is quick and right within a narrow subset and crashes, hangs or errs outside it (docs/decisions/0003). So
a condition is turned, before the engine sees it, into conjunctions of whole-number comparisons:

- `fields`: every value a test needs, as a whole number (numbers × 10000, dates as ordinals or ages in days, texts as
  codes, lists and sets as 0 or 1, comparisons of two facts as the sign of their exact difference); unknown is left out;
- `normal_form`: negations pushed to the leaves, unknown told from false by the field `known`, alternatives as separate
  rules, large ones decided in an earlier stage;
- `programme`: rulesets of at most 50 rules, each with a catch-all that proves that the engine came to the end;
- `trial`: a programme runs in a child process with a time limit before it is taken into use;
- `decider`: `DurableDecider`, what the services use;
- `judge`: `DurableJudge`, which tells unknown from false too, for cases and comparisons.
"""

from shared.rulekit.durable_backend.decider import DurableDecider
from shared.rulekit.durable_backend.engine import EngineFault
from shared.rulekit.durable_backend.judge import DurableJudge
from shared.rulekit.durable_backend.trial import accept_rules, try_in_child

__all__ = ["DurableDecider", "DurableJudge", "EngineFault", "accept_rules", "try_in_child"]
