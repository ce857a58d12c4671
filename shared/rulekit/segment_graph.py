"""What being in a segment depends on: what it names, and those before it in its class; in time linear in the rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.rulekit.facts import named_by
from shared.rulekit.model import SegmentRule

# Being in a segment; its own condition; the conditions of a class from the first one up to this one.
_Node = tuple[Literal["in", "when", "up_to"], str]


@dataclass(slots=True)
class SegmentGraph:
    """The dependencies of segments on one another; `classes` as in a book. References to no segment are left out."""

    segments: Mapping[str, SegmentRule]
    classes: Mapping[str, Sequence[str]]
    _edges: dict[_Node, list[_Node]] = field(init=False)
    _groups: list[list[_Node]] = field(init=False)
    _facts: dict[str, set[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._edges = {}
        for name, rule in self.segments.items():
            facts, named = named_by(rule.when)
            self._facts[name] = facts
            self._edges["when", name] = [("in", one) for one in sorted(named) if one in self.segments]
            self._edges["in", name] = [("when", name)]
        for ids in self.classes.values():
            for place, name in enumerate(ids):
                earlier: list[_Node] = [("up_to", ids[place - 1])] if place else []
                self._edges["in", name] += earlier
                self._edges["up_to", name] = [("when", name), *earlier]
        self._groups = _strongly_connected(self._edges)

    def in_cycles(self) -> frozenset[str]:
        """Return the segments that depend on themselves."""
        return frozenset(name for group in self._groups if len(group) > 1 for sort, name in group if sort == "in")

    def facts(self) -> Mapping[str, frozenset[str]]:
        """Return for each segment every fact that being in it may read."""
        read: dict[_Node, frozenset[str]] = {}
        for group in self._groups:  # what a group depends on comes before it
            own = [self._facts[name] for sort, name in group if sort == "when"]
            needed = [read[after] for node in group for after in self._edges[node] if after in read]
            read |= dict.fromkeys(group, frozenset[str]().union(*own, *needed))
        return {name: read["in", name] for name in self.segments}


def _strongly_connected(edges: Mapping[_Node, Iterable[_Node]]) -> list[list[_Node]]:
    """Return the groups of nodes that all reach one another, those reached first (Tarjan's algorithm, no recursion)."""
    number: dict[_Node, int] = {}
    lowest: dict[_Node, int] = {}
    open_nodes: dict[_Node, None] = {}
    groups: list[list[_Node]] = []
    for root in edges:
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        open_nodes[root] = None
        path = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            after = next(rest, None)
            if after is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    groups.append(_close(node, open_nodes))
            elif after not in number:
                number[after] = lowest[after] = len(number)
                open_nodes[after] = None
                path.append((after, iter(edges[after])))
            elif after in open_nodes:
                lowest[node] = min(lowest[node], number[after])
    return groups


def _close(node: _Node, open_nodes: dict[_Node, None]) -> list[_Node]:
    group = []
    while True:
        last, _ = open_nodes.popitem()
        group.append(last)
        if last == node:
            return group
