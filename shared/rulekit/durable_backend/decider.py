"""Many conditions about one subscriber, decided in the engine."""

from collections.abc import Mapping
from datetime import date

from shared.rulekit.durable_backend.engine import Ruleset
from shared.rulekit.durable_backend.extraction import Message, message_of
from shared.rulekit.durable_backend.programme import Programme, compile_conditions
from shared.rulekit.durable_backend.trial import try_in_child
from shared.rulekit.facts import Facts
from shared.rulekit.model import Condition, RuleBook


class DurableDecider:
    """Decides a fixed set of conditions of one rule book, one subscriber at a time; safe to share between threads.

    Making one compiles the conditions and tries them in a child process (once for equal conditions in one process);
    raises EngineFault when the engine fails the trial, so that rules it cannot carry are never taken into use.
    """

    def __init__(self, conditions: Mapping[str, Condition], book: RuleBook) -> None:
        programme = compile_conditions(conditions, book)
        try_in_child(programme)
        self.version = book.version
        self._programme = programme
        self._at_first = {name: name in programme.always for name in programme.conditions}
        self._rulesets = [
            Ruleset(f"{programme.digest}-{at}", shard.definition(), len(shard.rules) + 1)
            for at, shard in enumerate(programme.shards)
        ]
        self._messages = _messages(programme, date.min)

    def decide(self, facts: Facts, *, on: date) -> dict[str, bool]:
        """Return for each condition whether it holds on the day of judgement: unknown does not hold.

        Raises InvalidFact for a value that is not what the vocabulary says, and EngineFault when the engine did not
        come to the end: the caller then makes no contact.
        """
        verdicts = self._at_first.copy()
        held: set[str] = set()
        for shard, ruleset, message in zip(self._programme.shards, self._rulesets, self._messages_on(on), strict=True):
            for rule in ruleset.fire(message.text(facts, held)):
                held.update(shard.parts[rule])  # read by a later stage
                for condition in shard.grants[rule]:
                    verdicts[condition] = True
        return verdicts

    def _messages_on(self, on: date) -> list[Message]:
        day, messages = self._messages
        if day != on:
            self._messages = _, messages = _messages(self._programme, on)
        return messages


def _messages(programme: Programme, on: date) -> tuple[date, list[Message]]:
    wanted = {name: field for field, name in programme.table.names.items()}
    shards = programme.shards
    return on, [message_of([wanted[name] for name in shard.fields], programme.table, on) for shard in shards]
