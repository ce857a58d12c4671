"""Many conditions about one subscriber, decided in the engine."""

from collections.abc import Mapping
from datetime import date

from shared.rulekit.durable_backend.engine import Ruleset
from shared.rulekit.durable_backend.programme import Programme, Shard, compile_conditions
from shared.rulekit.durable_backend.trial import try_in_child
from shared.rulekit.facts import Facts
from shared.rulekit.model import Condition, RuleBook


class DurableDecider:
    """Decides a fixed set of conditions of one rule book, one subscriber at a time; safe to share between threads.

    Making one compiles the conditions and tries them in a child process (once for equal conditions in one process);
    raises EngineFault when the engine fails the trial, so that rules it cannot carry are never taken into use.
    """

    def __init__(self, conditions: Mapping[str, Condition], book: RuleBook) -> None:
        self._programme = compile_conditions(conditions, book)
        try_in_child(self._programme)
        self.version = book.version
        self._rulesets = _rulesets(self._programme)

    def decide(self, facts: Facts, *, on: date) -> dict[str, bool]:
        """Return for each condition whether it holds on the day of judgement: unknown does not hold.

        Raises InvalidFact for a value that is not what the vocabulary says, and EngineFault when the engine did not
        come to the end: the caller then makes no contact.
        """
        programme = self._programme
        numbers = programme.table.numbers(facts, on)
        verdicts = dict.fromkeys(programme.conditions, False)
        for condition in programme.always:
            verdicts[condition] = True
        for shard, ruleset in self._rulesets:
            for rule in ruleset.fire(message_of(shard, numbers)):
                for condition in shard.grants[rule]:
                    verdicts[condition] = True
                for part in shard.parts[rule]:
                    numbers[part] = 1  # read by a later stage
        return verdicts


def message_of(shard: Shard, numbers: Mapping[str, int]) -> str:
    """Return the numbers the shard reads as JSON fields, each led by a comma: all names and numbers are ours."""
    return "".join([f',"{name}":{numbers[name]}' for name in shard.fields if name in numbers])


def _rulesets(programme: Programme) -> list[tuple[Shard, Ruleset]]:
    return [
        (shard, Ruleset(f"{programme.digest}-{at}", shard.definition(), len(shard.rules) + 1))
        for at, shard in enumerate(programme.shards)
    ]
