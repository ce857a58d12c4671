"""Lines that are more than facts, judged by what judges them at run time: triggers, conflicts, policies, rankings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.governance.application import policy_cases
from services.workbench.rule_eval.condition_judge import Verdict, judged_by, told_because, told_truths
from services.workbench.rule_eval.fact_lines import BadLine, FactLine, checked_value
from services.workbench.rule_test import conflict_cases
from shared.rulekit.cases.event_reading import EventCaseReader
from shared.rulekit.cases.executors import BatchExecutor
from shared.rulekit.cases.model import CaseResult
from shared.rulekit.cases.scenario_reading import ScenarioReader
from shared.rulekit.facts import FactValue
from shared.rulekit.faults import Findings
from shared.rulekit.model import ConflictRule, ContactPolicy, RankingRule, RuleBook, TriggerRule
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Node, TooDeep, tree_of
from shared.rulekit.reference import explain
from shared.rulekit.windows import Event, may_fire, trigger_facts

_ACTS = frozenset({"suppress", "effect"})


class TriggerJudge:
    """Judges triggers: windows from a line's `events` up to `at`, then the condition by the executors."""

    def __init__(self, rule: TriggerRule, book: RuleBook, executors: Mapping[str, BatchExecutor]) -> None:
        self._rule = rule
        self._book = book
        self._executors = executors

    def judge(self, lines: Sequence[FactLine]) -> list[Verdict | BadLine]:
        """Return the verdicts; true where the trigger fires, never before it may fire again."""
        told: list[Verdict | BadLine] = []
        seen: list[tuple[int, FactLine, datetime, Mapping[str, FactValue]]] = []
        for line in lines:
            try:
                seen.append((len(told), line, *self._known(line)))
                told.append({})
            except BadLine as bad:
                told.append(bad)
        truths = judged_by(self._executors, [known for *_, known in seen], [at.date() for _, _, at, _ in seen])
        for (place, line, at, known), said in zip(seen, truths, strict=True):
            last = line.content.get("last_fired_at")
            may = may_fire(self._rule, at=at, last_fired_at=None if last is None else _moment(last, "last_fired_at"))
            told[place] = self._told(line, known, said if may else dict.fromkeys(said, False))
        return told

    def _known(self, line: FactLine) -> tuple[datetime, Mapping[str, FactValue]]:
        at = _moment(line.content.get("at"), "at")
        if (last := line.content.get("last_fired_at")) is not None:
            _moment(last, "last_fired_at")
        written = line.content.get("events") or []
        if not isinstance(written, list):
            raise BadLine("wrong_shape", "events are a list", "events")
        events = [self._event(one, f"events.{place}") for place, one in enumerate(written)]
        return at, {**line.facts, **trigger_facts([self._rule], events, at=at, book=self._book)}

    def _event(self, written: object, where: str) -> Event:
        if not isinstance(written, Mapping):
            raise BadLine("wrong_shape", "an event is an object with event, at and attributes", where)
        name = written.get("event", written.get("type"))
        if not isinstance(name, str) or name not in self._book.events:
            raise BadLine("unknown_event", f"there is no event {name!r}", where)
        known = self._book.events[name].attributes
        given = written.get("attributes") or {}
        if not isinstance(given, Mapping):
            raise BadLine("wrong_shape", "attributes are an object", f"{where}.attributes")
        for attribute in given:
            if attribute not in known:
                raise BadLine("unknown_attribute", f"{name} has no {attribute!r}", f"{where}.attributes.{attribute}")
        attributes = {one: checked_value(known[one], value) for one, value in given.items()}
        return Event(name, _moment(written.get("at"), f"{where}.at"), attributes)

    def _told(self, line: FactLine, known: Mapping[str, FactValue], said: Mapping[str, bool | None]) -> Verdict:
        told = told_truths(said)
        if told["holds"]:
            count = known[self._rule.window_fact.name]
            told |= told_because(explain(self._rule, line.facts, book=self._book).fill(count=count))
        return told


def _moment(written: object, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        expected = "a moment with its UTC offset, like 2026-03-02T10:00:00+08:00"
        raise BadLine("bad_moment", f"expected {expected}, got {written!r}", field)
    return moment


_Read = Callable[[Findings, Node], Any]


@dataclass(frozen=True, slots=True)
class ScenarioJudge:
    """Judges lines that are cases of a rule, as in cases.yaml; `expect` and `title` may be left out."""

    read: _Read
    run: Callable[[list[Any]], Sequence[CaseResult]]
    otherwise: Mapping[str, object]
    """What a case must have and a line may leave out."""

    def judge(self, lines: Sequence[FactLine]) -> list[Verdict | BadLine]:
        """Return the verdicts: true where the rule acts. A line that says what it expects is told if it came so."""
        return [self._judged(line) for line in lines]

    def _judged(self, line: FactLine) -> Verdict | BadLine:
        content = {name: value for name, value in line.content.items() if name not in {"id", "customer_id"}}
        findings = Findings()
        try:
            left_out = {} if "steps" in content else self.otherwise  # each step says what it expects
            case = self.read(findings, tree_of({"title": "line", **left_out, **content}, "line"))
        except (TooDeep, TypeError) as error:
            return BadLine("wrong_shape", str(error))
        if findings.faults:
            fault = findings.faults[0]
            return BadLine(fault.code, fault.message, fault.path.removeprefix("line").removeprefix("."))
        (result,) = self.run([case])
        acts = any(word in _ACTS for word in result.seen)
        told: Verdict = {"verdict": "true" if acts else "false", "holds": acts, "decision": list(result.seen)}
        if "expect" in content or "steps" in content:
            told |= {"as_expected": result.ok, **({} if result.ok else {"message": result.message})}
        return told


def policy_judge(rule: ContactPolicy, book: RuleBook) -> ScenarioJudge:
    """Return what judges a contact policy as governance does: true where it suppresses."""
    whole = replace(book, contact_policies={**book.contact_policies, rule.id: rule})
    return ScenarioJudge(
        lambda findings, node: _scenarios(findings, whole).policy(rule.id, node),
        lambda cases: policy_cases.run_cases(cases, whole),
        {"expect": "permit"},
    )


def conflict_judge(rule: ConflictRule, book: RuleBook) -> ScenarioJudge:
    """Return what judges a conflict as campaigns does: true where it takes a candidate away."""
    whole = replace(book, conflicts={**book.conflicts, rule.id: rule})
    return ScenarioJudge(
        lambda findings, node: _scenarios(findings, whole).conflict(rule.id, node),
        lambda cases: conflict_cases.run_cases(cases, whole),
        {"expect": []},
    )


@dataclass(frozen=True, slots=True)
class RankingJudge:
    """Scores the `offer` of each line; an offer the rule does not rank has no score."""

    rule: RankingRule
    book: RuleBook

    def judge(self, lines: Sequence[FactLine]) -> list[Verdict | BadLine]:
        """Return the scores; the verdict is whether the rule ranks the offer."""
        return [self._judged(line) for line in lines]

    def _judged(self, line: FactLine) -> Verdict | BadLine:
        findings = Findings()
        node = tree_of({"title": "line", "expect": None, "offer": line.content.get("offer")}, "line")
        case = EventCaseReader(Reader(findings), self.book).ranking(self.rule.id, node)
        if findings.faults:
            fault = findings.faults[0]
            return BadLine(fault.code, fault.message, fault.path.removeprefix("line."))
        members = self.rule.members
        named = members.categories | members.campaigns | members.offerings
        is_ranked = not named or members.covers(category=case.category, campaign=case.campaign, offering=case.offering)
        score = self.rule.score(value=case.value, propensity=case.propensity, priority=case.priority)
        return {"verdict": "true" if is_ranked else "false", "holds": is_ranked, "score": score if is_ranked else None}


def _scenarios(findings: Findings, book: RuleBook) -> ScenarioReader:
    return ScenarioReader(Reader(findings), book.contact_policies, book.conflicts)
