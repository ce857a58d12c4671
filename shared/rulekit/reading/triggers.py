"""Triggers: patterns of events, each matched by its type and a condition over that type's attributes."""

from collections.abc import Mapping

from shared.rulekit.model import (
    AbsencePattern,
    Condition,
    CountPattern,
    EventMatch,
    EventType,
    Pattern,
    SequencePattern,
    TriggerRule,
)
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.holding import RUN_BY
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.rules import Common, Kind, Parts, RuleReader
from shared.rulekit.reading.tree import Items, Node
from shared.rulekit.vocabulary import Vocabulary

_OPTIONAL = ("when", "again_after")
_COUNT_PLACES = ("count",)
FEWEST_STEPS, MOST_STEPS = 2, 10
MOST_EVENTS = 10_000  # in one count: beyond it a fact, worked out elsewhere, says it better


def read_trigger(node: Node, folder: str, rules: RuleReader, events: Mapping[str, EventType]) -> TriggerRule | None:
    """Return the rule of a file under `triggers/`; None when its kind is unknown.

    Codes: unknown_event, event_not_held, unknown_attribute, segment_of_event, too_few_steps, too_many_steps,
    too_large, and those every rule may have.
    """
    return rules.by_kind(node, folder, trigger_kinds(rules, events), facts=True)


def trigger_kinds(rules: RuleReader, events: Mapping[str, EventType]) -> Mapping[str, Kind[TriggerRule]]:
    """Return what a trigger of each kind holds, and how it is read."""
    patterns = _Patterns(rules, events)
    return {
        "count": Kind(("event", "at_least", "within"), ("where", *_OPTIONAL), patterns.count, _COUNT_PLACES),
        "sequence": Kind(("steps", "within"), _OPTIONAL, patterns.sequence, _COUNT_PLACES),
        "absence": Kind(("after", "without", "for"), _OPTIONAL, patterns.absence, _COUNT_PLACES),
    }


class _Patterns:
    def __init__(self, rules: RuleReader, events: Mapping[str, EventType]) -> None:
        self._rules = rules
        self._events = events

    def count(self, reader: Reader, parts: Parts, common: Common) -> TriggerRule:
        at_least = reader.whole(parts.get("at_least"), least=1)
        if at_least > MOST_EVENTS:
            reader.findings.add(parts["at_least"].place, "too_large", f"counts at most {MOST_EVENTS} events")
        return self._trigger(
            parts, common, CountPattern(self._match(parts), at_least, reader.span(parts.get("within")))
        )

    def sequence(self, reader: Reader, parts: Parts, common: Common) -> TriggerRule:
        node = parts.get("steps")
        items = reader.items(node)
        if isinstance(node, Items) and len(items) < FEWEST_STEPS:
            reader.findings.add(node.place, "too_few_steps", "a sequence has at least two steps")
        if isinstance(node, Items) and len(items) > MOST_STEPS:
            reader.findings.add(node.place, "too_many_steps", f"a sequence has at most {MOST_STEPS} steps")
        steps = tuple(self._event(item) for item in items[:MOST_STEPS])
        return self._trigger(parts, common, SequencePattern(steps, reader.span(parts.get("within"))))

    def absence(self, reader: Reader, parts: Parts, common: Common) -> TriggerRule:
        after, without = self._event(parts.get("after")), self._event(parts.get("without"))
        return self._trigger(parts, common, AbsencePattern(after, without, reader.span(parts.get("for"))))

    def _trigger(self, parts: Parts, common: Common, pattern: Pattern) -> TriggerRule:
        again = parts.get("again_after")
        return TriggerRule(
            **common,
            pattern=pattern,
            when=self._rules.when(parts) if "when" in parts else None,
            again_after=None if again is None else self._rules.reader.span(again),
        )

    def _event(self, node: Node | None) -> EventMatch:
        if node is None:
            return EventMatch("")
        return self._match(self._rules.reader.fields(node, node.place, ("event",), ("where",)))

    def _match(self, parts: Parts) -> EventMatch:
        node = parts.get("event")
        name = self._rules.reader.text(node)
        event = self._events.get(name)
        if event is None:
            if node is not None and name:
                self._rules.findings.unknown(node.place, "unknown_event", "event", name, self._events)
            return EventMatch(name)
        if node is not None and event.owner not in RUN_BY["triggers"]:
            message = f"{name} is kept by {event.owner}; triggers run in {', '.join(RUN_BY['triggers'])}"
            self._rules.findings.add(node.place, "event_not_held", message)
        return EventMatch(name, self._where(parts.get("where"), event))

    def _where(self, node: Node | None, event: EventType) -> Condition | None:
        if node is None:
            return None
        conditions = ConditionReader(Vocabulary(event.attributes, ""), self._rules.findings, noun="attribute")
        condition = conditions.read(node)
        for place, _ in conditions.references:
            message = "where speaks of the event's attributes; put a segment under when"
            self._rules.findings.add(place, "segment_of_event", message)
        return condition
