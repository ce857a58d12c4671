"""Segments and eligibility rules judged about many lines by the executors."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.workbench.rule_eval.fact_lines import FactLine
from shared.kernel.text import Text
from shared.rulekit.cases.executors import BatchExecutor
from shared.rulekit.cases.model import truth_word
from shared.rulekit.facts import FactValue
from shared.rulekit.model import EligibilityRule, RuleBook, SegmentRule
from shared.rulekit.reference import explain

Verdict = dict[str, object]
"""What is told of one line, ready for JSON."""


class ConditionJudge:
    """Judges segments and eligibility rules by any of the executors; with several, they must say the same."""

    def __init__(
        self, rule: SegmentRule | EligibilityRule, book: RuleBook, executors: Mapping[str, BatchExecutor]
    ) -> None:
        self._rule = rule
        self._book = book
        self._executors = executors

    def judge(self, lines: Sequence[FactLine]) -> list[Verdict]:
        """Return the verdicts; a rule outside its days holds for nobody."""
        truths = judged_by(self._executors, [line.facts for line in lines], [line.on for line in lines])
        return [
            self._told(line, said if self._rule.valid_for.covers(line.on) else dict.fromkeys(said, False))
            for line, said in zip(lines, truths, strict=True)
        ]

    def _told(self, line: FactLine, said: Mapping[str, bool | None]) -> Verdict:
        told = told_truths(said)
        if told["holds"]:
            told |= told_because(explain(self._rule, line.facts, book=self._book))
        return told


def judged_by(
    executors: Mapping[str, BatchExecutor], facts: Sequence[Mapping[str, FactValue]], days: Sequence[date]
) -> list[dict[str, bool | None]]:
    """Return for each subscriber what each executor says; those of one day are judged together."""
    said: list[dict[str, bool | None]] = [{} for _ in facts]
    of_day: dict[date, list[int]] = {}
    for place, on in enumerate(days):
        of_day.setdefault(on, []).append(place)
    for name, executor in executors.items():
        for on, places in of_day.items():
            for place, truth in zip(places, executor([facts[place] for place in places], on), strict=True):
                said[place][name] = truth
    return said


def told_truths(said: Mapping[str, bool | None]) -> Verdict:
    """Return the verdict; where executors differ it is the first one's, and what each says is told."""
    first = next(iter(said.values()))
    told: Verdict = {"verdict": truth_word(first), "holds": first is True}
    if len(said) > 1:
        told["executors"] = {name: truth_word(truth) for name, truth in said.items()}
    if any(truth is not first for truth in said.values()):
        told |= {"differs": True, "holds": False}
    return told


def told_because(because: Text) -> Verdict:
    """Return the words of a rule that holds, if it has any."""
    return {"because": {"zh": because.zh, "en": because.en}} if because.zh or because.en else {}
