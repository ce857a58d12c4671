"""What the validators look at: the rules, their files' trees, offerings and plans, and the day of judgement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.rulekit.analysis.formulas import Translator
from shared.rulekit.analysis.solving import Solver
from shared.rulekit.faults import Place
from shared.rulekit.model import Condition, ContactPolicy, EligibilityRule, Members, Rule, RuleBook, SegmentRule
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar

_ValueT = TypeVar("_ValueT")
Way = str | int


@dataclass(frozen=True, slots=True)
class Sourced(Generic[_ValueT]):
    """A value and the node it was read from."""

    value: _ValueT
    node: Node

    def place(self, *way: Way) -> Place:
        """Return where a part of the value stands."""
        return place_of(self.node, *way)


@dataclass(frozen=True, eq=False)
class Subject:
    """All there is to look at; rules with mistakes of their own are not in `nodes` and are passed over.

    `nodes` maps (kind, id) to the tree of the rule's file, and ("vocabulary", "") to the vocabulary's.
    """

    book: RuleBook
    nodes: Mapping[tuple[str, str], Node]
    on: date
    offerings: Mapping[str, Sourced[Offering]] = field(default_factory=dict)
    plans: Mapping[str, Sourced[Plan]] = field(default_factory=dict)
    is_complete: bool = True
    """Whether every file could be read: only then can be said what nobody uses."""

    @cached_property
    def translator(self) -> Translator:
        """The translator all validators share, so that every segment is translated once."""
        return Translator(self.book, self.on)

    @cached_property
    def solver(self) -> Solver:
        """The solver all validators share, so that they share one bound."""
        return Solver(self.translator)

    @cached_property
    def categories(self) -> Mapping[str, frozenset[str]]:
        """The categories of each offering, its components' included: what conflicts judge it by."""
        own = {one: sourced.value.category for one, sourced in self.offerings.items()}
        return {
            one: frozenset({own[one], *(own[part] for part in sourced.value.components if part in own)})
            for one, sourced in self.offerings.items()
        }

    def covered(self, members: Members) -> frozenset[str]:
        """Return the offerings that are members by name, by category, or as what a campaign offers."""
        by_campaign = {
            treatment.offering
            for campaign in members.campaigns
            if campaign in self.plans
            for treatment in self.plans[campaign].value.treatments
        }
        by_category = {one for one, categories in self.categories.items() if categories & members.categories}
        return frozenset(by_campaign | by_category | (members.offerings & self.offerings.keys()))

    def place(self, kind: str, rule_id: str, *way: Way) -> Place:
        """Return where a part of a rule stands."""
        return place_of(self.nodes[kind, rule_id], *way)

    def segments(self) -> Iterator[SegmentRule]:
        """Yield the segments that can be read."""
        return (rule for rule in self.book.segments.values() if ("segments", rule.id) in self.nodes)

    def eligibility(self) -> Iterator[EligibilityRule]:
        """Yield the eligibility rules that can be read."""
        return (rule for rule in self.book.eligibility.values() if ("eligibility", rule.id) in self.nodes)

    def policies(self) -> Iterator[ContactPolicy]:
        """Yield the contact policies that can be read."""
        return (rule for rule in self.book.contact_policies.values() if ("contact_policy", rule.id) in self.nodes)

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield every rule that can be read, with its kind."""
        for kind, rules in self.book.by_kind.items():
            yield from ((kind, rule) for rule in rules.values() if (kind, rule.id) in self.nodes)

    def condition_of(self, offering: Offering) -> tuple[Condition, ...]:
        """Return the conditions of the offering's eligibility rules, as far as there are such rules."""
        return tuple(self.book.eligibility[one].when for one in offering.eligibility if one in self.book.eligibility)


def place_of(node: Node, *way: Way) -> Place:
    """Return where the part lies that the way leads to: a value, or the key of a mapping or list.

    Of a way that breaks off it is the last place there is.
    """
    place = node.place
    for step in way:
        if isinstance(node, Entries):
            found = next((entry for entry in node.entries if entry[0].text == step), None)
            if found is None:
                return place
            node = found[1]
            place = node.place if isinstance(node, Scalar) else found[0].place
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
        else:
            return place
    return place
