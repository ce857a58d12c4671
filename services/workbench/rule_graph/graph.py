"""What depends on what: facts, segments, eligibility, offerings and campaigns, and the rules that govern them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from services.workbench.rule_check.plan_files import read_plan_files
from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.kernel.faults import NotFound
from shared.kernel.text import Text
from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings
from shared.rulekit.model import (
    AbsencePattern,
    All,
    Any,
    Compare,
    Condition,
    ConflictRule,
    CountPattern,
    Exclusive,
    InSegment,
    IsKnown,
    Members,
    Not,
    NotWithin,
    OtherFact,
    Requires,
    RuleBook,
    Supersedes,
    TriggerRule,
)
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reading.folder import load_rules

KINDS: Mapping[str, Text] = {
    "campaign": Text("活动", "campaigns"),
    "offering": Text("业务", "offerings"),
    "eligibility": Text("资格规则", "eligibility rules"),
    "segment": Text("细分", "segments"),
    "trigger": Text("触发规则", "triggers"),
    "conflict": Text("冲突规则", "conflicts"),
    "policy": Text("接触策略", "contact policies"),
    "ranking": Text("排序规则", "ranking"),
    "channel": Text("渠道", "channels"),
    "event": Text("事件", "events"),
    "fact": Text("事实", "facts"),
}
"""Of nodes, in the order in which they are shown."""


class UnknownNode(NotFound):
    """Nothing of that id is in the graph."""

    code = "unknown_node"


class GraphNode(msgspec.Struct, frozen=True, order=True):
    """Something that is used or uses; `kind` is one of KINDS."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


class GraphEdge(msgspec.Struct, frozen=True, order=True):
    """`user` depends on `used`."""

    user: GraphNode
    used: GraphNode


@dataclass(slots=True)
class RuleGraph:
    """Nodes with their names, and who uses whom; without cycles but for what conflicts may say."""

    labels: dict[GraphNode, Text] = field(default_factory=dict)
    uses: dict[GraphNode, set[GraphNode]] = field(default_factory=dict)
    used_by: dict[GraphNode, set[GraphNode]] = field(default_factory=dict)

    def add(self, kind: str, name: str, label: Text, uses: Iterable[GraphNode]) -> None:
        """Add a node and what it uses."""
        node = GraphNode(kind, name)
        self.labels[node] = label
        self.uses.setdefault(node, set()).update(uses)
        for used in self.uses[node]:
            self.used_by.setdefault(used, set()).add(node)
            self.labels.setdefault(used, Text(used.id, used.id))

    @property
    def nodes(self) -> list[GraphNode]:
        """All nodes, kind by kind."""
        order = list(KINDS)
        return sorted(self.labels, key=lambda node: (order.index(node.kind), node.id))

    @property
    def edges(self) -> list[GraphEdge]:
        """All edges, in order."""
        return sorted(GraphEdge(user, used) for user, found in self.uses.items() for used in found)

    def find(self, name: str) -> list[GraphNode]:
        """Return the nodes of an id, or the one of `kind:id`; raises UnknownNode naming the nearest."""
        found = [node for node in self.nodes if name in {node.id, str(node)}]
        if not found:
            near = nearest(name, [node.id for node in self.labels])
            hint = f": did you mean {near!r}?" if near else ""
            raise UnknownNode(f"nothing is called {name!r}{hint}", details={"kind": "node", "id": name})
        return found

    def around(self, chosen: Iterable[GraphNode]) -> "RuleGraph":
        """Return the part that the chosen nodes use, directly or not, and that uses them."""
        kept = _reached(chosen, self.uses) | _reached(chosen, self.used_by)
        part = RuleGraph()
        for node in self.nodes:
            if node in kept:
                part.add(node.kind, node.id, self.labels[node], self.uses.get(node, set()) & kept)
        return part


def build_graph(folder: Path) -> RuleGraph:
    """Return the graph of a folder of rules; raises RuleFaults, also for plans and offerings that cannot be read."""
    book = load_rules(folder)
    findings = Findings()
    files = read_plan_files(folder, book, findings)
    findings.check()
    offerings = {name: one.value for name, one in files.offerings.items()}
    plans = {name: one.value for name, one in files.plans.items()}
    graph = RuleGraph()
    for fact in book.vocabulary:
        graph.add("fact", fact.name, fact.label, ())
    for event in book.events.values():
        graph.add("event", event.name, event.label, ())
    _add_rules(graph, book)
    for name, offering in offerings.items():
        parts = [GraphNode("offering", one) for one in offering.components]
        rules = [GraphNode("eligibility", one) for one in offering.eligibility]
        graph.add("offering", name, Text(offering.name_zh, offering.name_en), [*parts, *rules])
    for name, plan in plans.items():
        graph.add("campaign", name, Text(plan.name_zh, plan.name_en), _of_plan(plan, book))
    for rule_id, conflict in book.conflicts.items():
        graph.add("conflict", rule_id, conflict.because, set(_of_conflict(conflict, offerings, plans)))
    for rule_id, ranking in book.ranking.items():
        graph.add("ranking", rule_id, ranking.because, set(_of_members(ranking.members, offerings)))
    return graph


def _add_rules(graph: RuleGraph, book: RuleBook) -> None:
    for segment in book.segments.values():
        rivals = book.classes[segment.classifies] if segment.classifies is not None else ()
        earlier = [GraphNode("segment", one) for one in rivals[: rivals.index(segment.id)]] if rivals else []
        graph.add("segment", segment.id, segment.because, [*_of_condition(segment.when), *earlier])
    for rule in book.eligibility.values():
        graph.add("eligibility", rule.id, rule.because, _of_condition(rule.when))
    for trigger in book.triggers.values():
        graph.add("trigger", trigger.id, trigger.because, _of_trigger(trigger))
    for policy in book.contact_policies.values():
        scope = policy.applies_to
        used = [GraphNode("channel", one) for one in scope.channels]
        graph.add(
            "policy", policy.id, policy.because, [*used, *(GraphNode("campaign", one) for one in scope.campaigns)]
        )


def _of_condition(condition: Condition) -> Iterator[GraphNode]:
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from _of_condition(part)
        case Not(part):
            yield from _of_condition(part)
        case InSegment(segment):
            yield GraphNode("segment", segment)
        case IsKnown(fact):
            yield GraphNode("fact", fact)
        case Compare(fact=fact, operand=operand):
            yield GraphNode("fact", fact)
            if isinstance(operand, OtherFact):
                yield GraphNode("fact", operand.fact)


def _of_trigger(rule: TriggerRule) -> Iterator[GraphNode]:
    pattern = rule.pattern
    if isinstance(pattern, CountPattern):
        matches = [pattern.match]
    elif isinstance(pattern, AbsencePattern):
        matches = [pattern.after, pattern.without]
    else:
        matches = list(pattern.steps)
    yield from (GraphNode("event", match.event) for match in matches)
    if rule.when is not None:
        yield from _of_condition(rule.when)


def _of_plan(plan: Plan, book: RuleBook) -> Iterator[GraphNode]:
    for treatment in plan.treatments:
        yield GraphNode("offering", treatment.offering)
        yield from (GraphNode("channel", step.channel) for step in treatment.steps)
    yield from (GraphNode("channel", channel) for channel in plan.inbound)
    for phase in plan.phases:
        if phase.segment is not None:
            yield GraphNode("segment", phase.segment)
        if phase.trigger is not None:
            yield GraphNode("trigger", phase.trigger)
        if phase.rule is not None:
            yield from _of_condition(read_condition(msgspec.to_builtins(phase.rule), book.vocabulary))


def _of_conflict(
    rule: ConflictRule, offerings: Mapping[str, Offering], plans: Mapping[str, Plan]
) -> Iterator[GraphNode]:
    match rule:
        case Exclusive():
            yield from _of_members(rule.members, offerings)
        case Requires():
            yield GraphNode("offering", rule.offering)
            yield GraphNode("fact", "products")
        case Supersedes():
            yield from _of_members(rule.winner, offerings)
            yield from _of_members(rule.loser, offerings)
        case NotWithin():  # looks at every campaign
            yield from (GraphNode("campaign", name) for name in plans)


def _of_members(members: Members, offerings: Mapping[str, Offering]) -> Iterator[GraphNode]:
    yield from (GraphNode("campaign", name) for name in members.campaigns)
    yield from (GraphNode("offering", name) for name in members.offerings)
    yield from (GraphNode("offering", name) for name, one in offerings.items() if one.category in members.categories)


def _reached(chosen: Iterable[GraphNode], ways: Mapping[GraphNode, set[GraphNode]]) -> set[GraphNode]:
    found: set[GraphNode] = set()
    waiting = list(chosen)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(ways.get(node, ()))
    return found
