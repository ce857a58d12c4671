"""Which service runs which kind of rule, and whether it holds the facts the rule asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.rulekit.faults import Findings, Place
from shared.rulekit.vocabulary import Vocabulary

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


def check_held(
    vocabulary: Vocabulary,
    facts: Iterable[Use],
    segments: Iterable[Use],
    read: Mapping[str, frozenset[str]],
    findings: Findings,
) -> None:
    """Note every fact that a service which runs the rule does not hold; `read` is what each segment reads.

    Code: fact_not_held.
    """
    for use in facts:
        _check(vocabulary, use, use.name, "", findings)
    for use in segments:
        for name in sorted(read.get(use.name, ())):
            _check(vocabulary, use, name, f", asked for by segment {use.name},", findings)


def _check(vocabulary: Vocabulary, use: Use, name: str, way: str, findings: Findings) -> None:
    fact = vocabulary[name]
    for service in RUN_BY[use.kind]:
        if service not in fact.holders:
            message = f"{name}{way} is kept by {fact.owner}; {service}, which runs {use.kind}, does not hold it"
            findings.add(use.place, "fact_not_held", message)
