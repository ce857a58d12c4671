"""Which service runs which kind of rule, and whether it holds the facts the rule asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.rulekit.facts import facts_of
from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import InSegment, RuleBook, UnknownSegment

RUN_BY: Mapping[str, tuple[str, ...]] = {
    "segments": ("customer_view",),
    "eligibility": ("customer_view", "campaigns"),
    "triggers": ("customer_view",),
}
"""Who judges the conditions of a kind; a segment that an eligibility rule names runs where that rule does."""


@dataclass(frozen=True, slots=True)
class Use:
    """A fact, or a segment, that a rule of this kind names, and where."""

    kind: str
    place: Place
    name: str


def check_held(book: RuleBook, facts: Iterable[Use], segments: Iterable[Use], findings: Findings) -> None:
    """Note every fact that a service which runs the rule does not hold; code fact_not_held."""
    for use in facts:
        _check(book, use, use.name, "", findings)
    read: dict[str, frozenset[str]] = {}
    for use in segments:
        if use.name not in read:
            try:
                read[use.name] = facts_of(InSegment(use.name), book)
            except UnknownSegment:
                read[use.name] = frozenset()  # noted where it is named
        for name in sorted(read[use.name]):
            _check(book, use, name, f", asked for by segment {use.name},", findings)


def _check(book: RuleBook, use: Use, name: str, way: str, findings: Findings) -> None:
    fact = book.vocabulary[name]
    for service in RUN_BY[use.kind]:
        if service not in fact.holders:
            message = f"{name}{way} is kept by {fact.owner}; {service}, which runs {use.kind}, does not hold it"
            findings.add(use.place, "fact_not_held", message)
