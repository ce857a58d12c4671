"""The same offerings for zen-engine, in the form its users draw and in the one that is quickest."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import zen

from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Compare, Condition, Not

_WORDS = {"at_least": ">=", "less_than": "<", "equals": "=="}
Decide = Callable[[Facts], set[str]]
"""Return the offerings that a subscriber may have."""


def decision_table(conditions: Mapping[str, Condition]) -> Decide:
    """One row an offering, one column a fact, every row that holds collected."""
    used = sorted({test.fact for tests in map(_tests, conditions.values()) for test, _ in tests})
    rows = [
        {
            "_id": name,
            "out": json.dumps(name),
            **{test.fact: _cell(test, is_true) for test, is_true in _tests(condition)},
        }
        for name, condition in conditions.items()
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": fact, "name": fact, "field": fact} for fact in used],
        "outputs": [{"id": "out", "name": "offer", "field": "offer"}],
        "rules": [dict.fromkeys(used, "") | row for row in rows],
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    edges = [
        {"id": "first", "type": "edge", "sourceId": "in", "targetId": "table"},
        {"id": "second", "type": "edge", "sourceId": "table", "targetId": "out"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda facts: {row["offer"] for row in decision.evaluate(facts)["result"]}


def compiled_expression(conditions: Mapping[str, Condition]) -> Decide:
    """Write all offerings as one expression, compiled once, whose value is a list of truths."""
    written = [" and ".join(_expression(test, is_true) for test, is_true in _tests(one)) for one in conditions.values()]
    expression = zen.compile_expression("[" + ", ".join(written) + "]")
    names = list(conditions)
    return lambda facts: {name for name, holds in zip(names, expression.evaluate(facts), strict=True) if holds}


def _tests(condition: Condition) -> list[tuple[Compare, bool]]:
    match condition:
        case All(parts):
            return [test for part in parts for test in _tests(part)]
        case Not(Compare() as test):
            return [(test, False)]
        case Compare():
            return [(condition, True)]
        case _:
            raise TypeError(condition)


def _cell(test: Compare, is_true: bool) -> str:
    operand: Any = test.operand
    if test.operator == "one_of":
        return ", ".join(json.dumps(one) for one in operand)
    if test.operator == "contains_any":
        return f"{'' if is_true else 'not '}contains($, {json.dumps(operand[0])})"
    return f"{_WORDS[test.operator]} {json.dumps(operand)}"


def _expression(test: Compare, is_true: bool) -> str:
    operand: Any = test.operand
    if test.operator == "one_of":
        return f"{test.fact} in {json.dumps(list(operand))}"
    if test.operator == "contains_any":
        return f"{'' if is_true else 'not '}contains({test.fact}, {json.dumps(operand[0])})"
    return f"{test.fact} {_WORDS[test.operator]} {json.dumps(operand)}"
