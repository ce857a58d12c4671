"""A condition's parts, each with its place in the file: the typed tree has none, its node does."""

from dataclasses import dataclass
from typing import Literal

from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import All, Any, Condition, Not
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.vocabulary import Vocabulary

Group = Literal["all", "any", "not", "test"]


@dataclass(frozen=True, slots=True)
class Part:
    """A group or a single test; `words` is the test as it was written, for messages."""

    place: Place
    group: Group
    condition: Condition
    parts: tuple["Part", ...] = ()
    words: str = ""


def read_parts(node: Node, vocabulary: Vocabulary) -> Part:
    """Return the parts of a sound condition; groups of the same kind within one another are one."""
    return _Parts(vocabulary).read(node)


class _Parts:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._reader = ConditionReader(vocabulary, Findings())

    def read(self, node: Node) -> Part:
        if not isinstance(node, Entries):
            return Part(node.place, "test", self._reader.read(node))
        return _group("all", node.place, [self._entry(name, value) for name, value in node.entries])

    def _entry(self, name: Scalar, value: Node) -> Part:
        if name.text in {"all", "any"} and isinstance(value, Items):
            kind: Group = "all" if name.text == "all" else "any"
            return _group(kind, name.place, [self.read(item) for item in value.items])
        if name.text == "not":
            inner = self.read(value)
            return Part(name.place, "not", Not(inner.condition), (inner,), f"not {inner.words}")
        if name.text == "segment" or not isinstance(value, Entries):
            return self._test(name, value, value.place, f"{name.text}: {_shown(value)}")
        tests = [
            self._test(
                name,
                Entries(value.place, ((operator, operand),)),
                operator.place,
                f"{name.text} {operator.text} {_shown(operand)}",
            )
            for operator, operand in value.entries
        ]
        return _group("all", name.place, tests)

    def _test(self, name: Scalar, value: Node, place: Place, words: str) -> Part:
        return Part(place, "test", self._reader.read(Entries(name.place, ((name, value),))), words=words)


def _group(kind: Group, place: Place, parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    flat = tuple(inner for part in parts for inner in (part.parts if part.group == kind else (part,)))
    conditions = tuple(part.condition for part in flat)
    condition = Any(conditions) if kind == "any" else All(conditions)
    return Part(place, kind, condition, flat, f"{kind} of {len(flat)}")


def _shown(node: Node) -> str:
    match node:
        case Scalar():
            return node.text
        case Items():
            return f"[{', '.join(_shown(item) for item in node.items[:4])}{', …' if len(node.items) > 4 else ''}]"  # noqa: PLR2004 - enough to know it by
        case Entries():
            return f"{{{', '.join(f'{name.text}: {_shown(value)}' for name, value in node.entries)}}}"
