"""What segments depend on, worked out once for all of them, is what it is for each alone."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.text import Text
from shared.rulekit.facts import facts_of
from shared.rulekit.model import All, Compare, Condition, InSegment, RuleBook, SegmentRule
from shared.rulekit.segment_graph import SegmentGraph
from shared.rulekit.vocabulary import Vocabulary

NAMES = "abcdefg"
Described = dict[str, tuple[list[str], str | None]]
SEGMENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.lists(st.sampled_from(NAMES), max_size=2), st.sampled_from([None, None, "stage", "band"])),
)


def rules_of(described: Described) -> tuple[dict[str, SegmentRule], dict[str, Sequence[str]]]:
    """Return segments that each read a fact of their own, and their classes in alphabetical order."""
    rules, classes = {}, dict[str, list[str]]()
    for order, (name, (named, kind)) in enumerate(sorted(described.items())):
        own: Condition = Compare(f"fact_{name[0]}", "equals", 1)
        parts = (own, *(InSegment(one) for one in named if one in described))
        rules[name] = SegmentRule(
            id=name, version="v", owner="o", because=Text("", ""), when=All(parts), classifies=kind, order=order
        )
        if kind is not None:
            classes.setdefault(kind, []).append(name)
    return rules, {kind: tuple(ids) for kind, ids in classes.items()}


def needed(name: str, described: Described) -> set[str]:
    """Return the segments that one names, itself or through those before it in its class."""
    kind = described[name][1]
    rivals = [one for one in sorted(described) if kind is not None and described[one][1] == kind and one < name]
    return {one for rival in [name, *rivals] for one in described[rival][0] if one in described}


def depends_on_itself(name: str, described: Described) -> bool:
    waiting, seen = list(needed(name, described)), set[str]()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting.extend(needed(one, described))
    return name in seen


@given(described=SEGMENTS)
def test_a_segment_is_in_a_cycle_when_it_reaches_itself(described: Described) -> None:
    rules, classes = rules_of(described)
    expected = {name for name in described if depends_on_itself(name, described)}
    assert SegmentGraph(rules, classes).in_cycles() == expected


@given(described=SEGMENTS)
def test_the_facts_of_a_segment_are_those_the_reference_may_read(described: Described) -> None:
    rules, classes = rules_of(described)
    book = RuleBook(Vocabulary({}, "v"), rules, {}, {}, {}, {k: tuple(v) for k, v in classes.items()}, "v")
    assert SegmentGraph(rules, classes).facts() == {name: facts_of(InSegment(name), book) for name in rules}


def test_a_long_chain_is_no_deep_recursion() -> None:
    described: Described = {f"s{number:04}": ([f"s{number + 1:04}"], None) for number in range(3_000)}
    rules, classes = rules_of(described)
    graph = SegmentGraph(rules, classes)
    assert graph.in_cycles() == frozenset()
    assert graph.facts()["s0000"] == {"fact_s"}
