"""Segments that can never win their classification, and segments that are the same as another."""

from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.formulas import rivals_of
from shared.rulekit.analysis.solving import TooLarge
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import SegmentRule
from shared.rulekit.reading.tree import Entries, version_of


def check_classes(subject: Subject) -> Iterator[Finding]:
    """Look for segments that rivals leave nobody (shadowed_segment) and for doubles (same_condition)."""
    for rule in subject.segments():
        if rule.classifies is not None:
            try:
                yield from _shadowed(rule, subject)
            except TooLarge:
                zh = f"分类 {rule.classifies} 过于复杂，未检查先后是否遮蔽"
                en = f"the classification {rule.classifies} is too large to see whether earlier segments hide this one"
                yield Finding(subject.place("segments", rule.id, "when"), "not_analysed", Text(zh, en))
    yield from _doubles(subject)


def _shadowed(rule: SegmentRule, subject: Subject) -> Iterator[Finding]:
    translator, solver = subject.translator, subject.solver
    own = translator.is_true(rule.when)
    rivals = list(rivals_of(rule, subject.book))
    free = [translator.negation(translator.is_true(one.when)) for one in rivals]
    if not rivals or not solver.is_possible(own) or solver.is_possible(own, *free):
        return
    culprit = next((one for one, spared in zip(rivals, free, strict=True) if not solver.is_possible(own, spared)), None)
    zh_who, en_who = (culprit.id, culprit.id) if culprit else ("排在前面的分群", "the segments before it together")
    zh = f"{rule.classifies} 分类中，{zh_who} 先成立，本分群永远没有成员"
    en = f"never has a member: of {rule.classifies}, {en_who} already takes everybody it would hold for"
    hint = Text("调小 order，或收紧前面的条件", "give it a lower order, or narrow what comes before")
    yield Finding(subject.place("segments", rule.id, "order"), "shadowed_segment", Text(zh, en), hint)


def _doubles(subject: Subject) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for kind, rule in subject.rules():
        node = subject.nodes[kind, rule.id]
        when = node.get("when") if isinstance(node, Entries) else None
        if kind not in {"segments", "eligibility"} or when is None:
            continue
        first = seen.setdefault((kind, version_of(when)), rule.id)
        if first != rule.id:
            zh, en = f"条件与 {first} 完全相同", f"has the same condition as {first}"
            hint = Text(f"引用 {first}，或删去一个", f"refer to {first}, or delete one of them")
            yield Finding(subject.place(kind, rule.id, "when"), "same_condition", Text(zh, en), hint)
