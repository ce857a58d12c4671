"""Conditions that nobody can meet, that everybody meets, and parts that make no difference."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.formula_tree import Every, Formula, Some
from shared.rulekit.analysis.formulas import Translator
from shared.rulekit.analysis.parts import Part, read_parts
from shared.rulekit.analysis.solving import Solver, TooLarge
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.reading.tree import Entries, Node
from shared.rulekit.vocabulary import Vocabulary


def check_conditions(subject: Subject) -> Iterator[Finding]:
    """Look at the condition of every segment, eligibility rule and trigger.

    Codes: never_true, always_true, never_false, part_never_true, redundant_part, not_analysed.
    """
    questions = Questions(subject.translator, subject.solver, subject.book.vocabulary)
    for kind, rule in subject.rules():
        node = subject.nodes[kind, rule.id]
        when = node.get("when") if isinstance(node, Entries) else None
        if kind in {"segments", "eligibility", "triggers"} and when is not None:
            yield from check_condition(when, questions)


def check_condition(when: Node, questions: "Questions") -> Iterator[Finding]:
    """Look at one condition; says so when it is too large for that."""
    part = read_parts(when, questions.vocabulary)
    try:
        with questions.solver.for_one_rule():
            found = list(_whole(part, questions))
        yield from found
    except TooLarge:
        zh = "条件过于复杂，未作静态分析"
        yield Finding(part.place, "not_analysed", Text(zh, "the condition is too large to be analysed"))


@dataclass(frozen=True, slots=True)
class Questions:
    """What can be asked about the parts of conditions in one vocabulary; raises TooLarge."""

    translator: Translator
    solver: Solver
    vocabulary: Vocabulary

    def true(self, *parts: Part) -> tuple[Formula, ...]:
        """Return when each part is true."""
        return tuple(self.translator.is_true(part.condition, self.vocabulary) for part in parts)

    def false(self, *parts: Part) -> tuple[Formula, ...]:
        """Return when each part is false."""
        return tuple(self.translator.is_false(part.condition, self.vocabulary) for part in parts)

    def can_be_true(self, *parts: Part) -> bool:
        """Tell whether the parts can be true together."""
        return self.solver.is_possible(*self.true(*parts))

    def adds_nothing(self, group: Part, part: Part, others: tuple[Part, ...]) -> bool:
        """Tell whether the group is true and false for the same subscribers without this part."""
        true, false = self.true(part)[0], self.false(part)[0]
        if group.group == "all":
            others_false = Some(self.false(*others))
            return self.solver.follows(true, *self.true(*others)) and self.solver.follows(others_false, false)
        others_true, others_all_false = Some(self.true(*others)), Every(self.false(*others))
        return self.solver.follows(others_true, true) and self.solver.follows(false, others_all_false)


def _whole(part: Part, ask: Questions) -> Iterator[Finding]:
    if not ask.can_be_true(part):
        yield _contradiction(part, ask)
        return
    true, false = ask.true(part)[0], ask.false(part)[0]
    if not ask.solver.is_possible(ask.translator.negation(true)):
        zh, en = (
            "对任何客户都成立，这个条件什么也没有限定",
            "holds for every subscriber: the condition restricts nothing",
        )
        yield Finding(part.place, "always_true", Text(zh, en))
        return
    if not ask.solver.is_possible(false):
        zh = "只要事实已知就一定成立；如果只想要求事实已知，请写 is_known"
        en = "holds for everybody whose facts are known; if that is what is meant, write is_known"
        yield Finding(part.place, "never_false", Text(zh, en))
        return
    yield from _parts(part, ask)


def _parts(group: Part, ask: Questions) -> Iterator[Finding]:
    """Look into a group that can be true: for parts that cannot, and parts that make no difference."""
    if group.group == "not":
        yield from _parts(group.parts[0], ask)
        return
    needed = list(group.parts)
    for part in reversed(group.parts):
        others = tuple(one for one in needed if one is not part)
        if group.group == "any" and not ask.can_be_true(part):
            needed.remove(part)
            yield _dead_branch(part, ask)
        elif others and ask.adds_nothing(group, part, others):
            needed.remove(part)
            yield _redundant(part, others, ask, group)
        else:
            yield from _parts(part, ask)


def _contradiction(part: Part, ask: Questions) -> Finding:
    """Return a finding at the innermost place where it goes wrong."""
    impossible = [one for one in part.parts if part.group in {"all", "any"} and not ask.can_be_true(one)]
    if impossible and (part.group == "all" or len(impossible) == len(part.parts)):
        return _contradiction(impossible[0], ask)
    for one, other in itertools.combinations(part.parts if part.group == "all" else (), 2):
        if not ask.can_be_true(one, other):
            zh = f"“{other.words}”与第{one.place.line}行的“{one.words}”不能同时成立，没有客户满足"
            en = f"'{other.words}' and '{one.words}' (line {one.place.line}) exclude each other: nobody meets both"
            hint = Text("改为 any，或修正其中一个界限", "write them under any, or mend one of the limits")
            return Finding(other.place, "never_true", Text(zh, en), hint)
    words = part.words or "when"
    zh, en = f"“{words}”对任何客户都不可能成立", f"'{words}' can be true for nobody"
    return Finding(part.place, "never_true", Text(zh, en))


def _dead_branch(part: Part, ask: Questions) -> Finding:
    inner = _contradiction(part, ask)
    return Finding(inner.place, "part_never_true", inner.message, Text("删去这一支，或修正它", "delete it, or mend it"))


def _redundant(part: Part, others: tuple[Part, ...], ask: Questions, group: Part) -> Finding:
    cause = next((one for one in others if ask.adds_nothing(group, part, (one,))), None)
    zh, en = f"“{part.words}”不起作用，去掉它结果不变", f"'{part.words}' makes no difference"
    if cause is not None:
        zh += f"：第{cause.place.line}行的“{cause.words}”已经包含它"
        en += f": '{cause.words}' (line {cause.place.line}) says as much"
    return Finding(
        part.place, "redundant_part", Text(zh, en), Text("删去，或检查界限", "delete it, or check the limits")
    )
