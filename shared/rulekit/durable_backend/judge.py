"""Whether conditions are true, false or unknown, by the engine, for cases and comparisons; deciding needs only true."""

from collections.abc import Mapping
from datetime import date

from shared.rulekit.durable_backend.decider import DurableDecider
from shared.rulekit.durable_backend.engine import EngineFault
from shared.rulekit.facts import Facts
from shared.rulekit.model import Condition, Not, RuleBook

_IS_TRUE, _IS_FALSE = "true ", "false "


class DurableJudge:
    """Judges a fixed set of conditions in three values, one subscriber at a time; safe to share between threads.

    Each condition is compiled beside its negation: whichever holds is the answer, and where neither does it is unknown.
    Raises EngineFault as `DurableDecider` does.
    """

    def __init__(self, conditions: Mapping[str, Condition], book: RuleBook) -> None:
        both = {_IS_TRUE + name: condition for name, condition in conditions.items()}
        both |= {_IS_FALSE + name: Not(condition) for name, condition in conditions.items()}
        self._names = tuple(conditions)
        self._decider = DurableDecider(both, book)

    def judge(self, facts: Facts, *, on: date) -> dict[str, bool | None]:
        """Return for each condition whether it is true, false or (None) unknown on the day of judgement.

        Raises InvalidFact, and EngineFault when the engine did not come to the end or holds both to be so.
        """
        holds = self._decider.decide(facts, on=on)
        return {name: _truth(name, holds[_IS_TRUE + name], holds[_IS_FALSE + name]) for name in self._names}


def _truth(name: str, is_true: bool, is_false: bool) -> bool | None:
    if is_true and is_false:
        msg = f"the engine holds {name!r} and its negation"
        raise EngineFault(msg)
    return True if is_true else False if is_false else None
