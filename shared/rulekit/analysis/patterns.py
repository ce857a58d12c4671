"""What triggers ask of events: the conditions over an event's attributes."""

from collections.abc import Iterator

from shared.rulekit.analysis.conditions import Questions, check_condition
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.formulas import Translator
from shared.rulekit.analysis.solving import Solver
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.vocabulary import Vocabulary


def check_patterns(subject: Subject) -> Iterator[Finding]:
    """Look at every `where` of a trigger, as conditions of rules are looked at."""
    asked: dict[str, Questions] = {}
    for kind, rule in subject.rules():
        if kind != "triggers":
            continue
        for event, where in _matches(subject.nodes[kind, rule.id]):
            if event not in subject.book.events:
                continue
            if event not in asked:
                translator = Translator(subject.book, subject.on)
                words = Vocabulary(subject.book.events[event].attributes, "")
                asked[event] = Questions(translator, Solver(translator), words)
            yield from check_condition(where, asked[event])


def _matches(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield each event with its `where`: of the rule itself, of its steps, of what it comes after or goes without."""
    if not isinstance(node, Entries):
        return
    event, where, steps = node.get("event"), node.get("where"), node.get("steps")
    if isinstance(event, Scalar) and where is not None:
        yield event.text, where
    inner = [*(steps.items if isinstance(steps, Items) else ()), node.get("after"), node.get("without")]
    for one in inner:
        if one is not None:
            yield from _matches(one)
