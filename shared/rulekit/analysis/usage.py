"""What nothing refers to: facts, events, segments, eligibility rules; and offerings that no rule guards."""

from collections.abc import Iterator

import msgspec

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.facts import facts_of, segments_of
from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import AbsencePattern, Condition, CountPattern, EventMatch, Pattern
from shared.rulekit.reading.conditions import read_condition


def check_usage(subject: Subject) -> Iterator[Finding]:
    """Look for what nobody uses.

    Of a folder with faulty files nothing is said.
    Codes: unused_fact, unused_event, unused_segment, unused_trigger, unused_rule,
    unguarded_offering.
    """
    if not subject.is_complete:
        return
    conditions = list(_conditions(subject))
    yield from _facts(conditions, subject)
    yield from _events(subject)
    yield from _segments(conditions, subject)
    yield from _triggers(subject)
    yield from _catalogue(subject)


def _conditions(subject: Subject) -> Iterator[Condition]:
    book = subject.book
    yield from (rule.when for rule in book.segments.values())
    yield from (rule.when for rule in book.eligibility.values())
    yield from (rule.when for rule in book.triggers.values() if rule.when is not None)
    for sourced in subject.plans.values():
        for phase in sourced.value.phases:
            if phase.rule is not None:
                try:
                    yield read_condition(msgspec.to_builtins(phase.rule), book.vocabulary)
                except RuleFaults:
                    continue  # told where the rule stands


def _facts(conditions: list[Condition], subject: Subject) -> Iterator[Finding]:
    used = {name for condition in conditions for name in facts_of(condition, subject.book)}
    used |= {name for _, rule in subject.rules() for name in rule.because.placeholders()}
    for fact in subject.book.vocabulary:
        if fact.name not in used:
            zh, en = f"没有规则使用 {fact.name}", f"no rule uses {fact.name}"
            yield Finding(subject.place("vocabulary", "", "facts", fact.name), "unused_fact", Text(zh, en))


def _events(subject: Subject) -> Iterator[Finding]:
    used = {match.event for rule in subject.book.triggers.values() for match in _matches(rule.pattern)}
    for name in subject.book.events:
        if name not in used:
            zh, en = f"没有触发规则使用事件 {name}", f"no trigger uses the event {name}"
            yield Finding(subject.place("vocabulary", "", "events", name), "unused_event", Text(zh, en))


def _matches(pattern: Pattern) -> tuple[EventMatch, ...]:
    match pattern:
        case CountPattern():
            return (pattern.match,)
        case AbsencePattern():
            return (pattern.after, pattern.without)
        case _:
            return pattern.steps


def _segments(conditions: list[Condition], subject: Subject) -> Iterator[Finding]:
    used = {name for condition in conditions for name in segments_of(condition)}
    used |= {phase.segment for one in subject.plans.values() for phase in one.value.phases if phase.segment}
    for rule in subject.segments() if subject.plans else ():
        if rule.id not in used and rule.classifies is None:
            zh, en = "没有规则或活动使用这个分群", "no rule and no campaign uses this segment"
            yield Finding(subject.place("segments", rule.id), "unused_segment", Text(zh, en))


def _triggers(subject: Subject) -> Iterator[Finding]:
    used = {phase.trigger for one in subject.plans.values() for phase in one.value.phases}
    for name in subject.book.triggers if subject.plans else ():
        if name not in used:
            zh, en = "没有活动使用这条触发规则", "no campaign takes in whoever this trigger fires for"
            yield Finding(subject.place("triggers", name), "unused_trigger", Text(zh, en))


def _catalogue(subject: Subject) -> Iterator[Finding]:
    if not subject.offerings:
        return
    named = {one for sourced in subject.offerings.values() for one in sourced.value.eligibility}
    for rule in subject.eligibility():
        if rule.id not in named:
            zh, en = "没有产品引用这条适用条件", "no offering names this eligibility rule"
            yield Finding(subject.place("eligibility", rule.id), "unused_rule", Text(zh, en))
    for sourced in subject.offerings.values():
        if not sourced.value.eligibility:
            zh = f"{sourced.value.offering_id} 没有适用条件，可以推荐给任何人"
            en = f"{sourced.value.offering_id} names no eligibility rule: it may be offered to anybody"
            yield Finding(sourced.place(), "unguarded_offering", Text(zh, en))
