"""Rules that would take the engine down are tried in a child process first; an engine that fails is replaced."""

import json
from pathlib import Path

import durable_rules_engine
import pytest

from shared.rulekit.durable_backend import DurableDecider, EngineFault, accept_rules, trial
from shared.rulekit.durable_backend.engine import DONE, Ruleset
from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import Compare, RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.windows import with_windows
from tests.unit.rulekit.rule_folders import make_book

CATCH_ALL = {"all": [{"m": {"t": 1}}], "pri": 99}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), silent="when: {arrears: false}\n")


def try_raw(rules: dict[str, object], message: dict[str, int], expected: list[str], limit: int = 20) -> None:
    """Give the child process rules as no compiler of ours would write them."""
    definition = json.dumps({**rules, DONE: CATCH_ALL})
    one = {"definition": definition, "rules": len(rules) + 1, "messages": [[message, expected]]}
    trial._run_child([one], limit)


def one_rule(test: dict[str, object]) -> dict[str, object]:
    return {"r0": {"all": [{"m": test}]}}


RECIPES: dict[str, tuple[dict[str, object], dict[str, int], list[str]]] = {
    "a field that must be absent, alone, fires for ever": (one_rule({"$nex": {"f0": 1}}), {}, ["r0"]),
    "an alternative with an absent field fires for ever": (
        one_rule({"$or": [{"f1": 1}, {"$nex": {"f0": 1}}]}),
        {},
        ["r0"],
    ),
    "an empty conjunction fires for ever": (one_rule({"$and": []}), {}, ["r0"]),
    "256 equal rules": (
        {f"r{at}": {"all": [{"m": {"$and": [{"t": 1}, {"f0": 5}]}}]} for at in range(256)},
        {"f0": 5},
        [],
    ),
    "more than 64 nodes at once": (
        {f"r{at}": {"all": [{"m": {"$and": [{"t": 1}, {"f" + str(at): 5}]}}]} for at in range(100)},
        {f"f{at}": 5 for at in range(100)},
        sorted(f"r{at}" for at in range(100)),
    ),
    "a rule after the catch-all": (
        {"r0": {"all": [{"m": {"$and": [{"t": 1}, {"f0": 5}]}}], "pri": 100}},
        {"f0": 5},
        ["r0"],
    ),
    "a division by zero, which ends the process": (
        {
            "r0": {
                "all": [
                    {"c": {"t": 1}},
                    {"m": {"$gt": {"f0": {"$div": {"$l": {"c": "f1"}, "$r": {"c": "f2"}}}}}},
                ]
            }
        },
        {"f0": 1, "f1": 1, "f2": 0},
        [],
    ),
    "a definition the engine refuses": ({"r0": {"all": [{"m": {"$and": 3}}]}}, {}, []),
    "an alternative that fires once for each branch": (
        one_rule({"$and": [{"t": 1}, {"$or": [{"f0": 1}, {"f1": 1}]}]}),
        {"f0": 1, "f1": 1},
        ["r0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_ruleset_the_engine_cannot_carry_fails_its_trial_and_not_the_service(recipe: str) -> None:
    with pytest.raises(EngineFault):
        try_raw(*RECIPES[recipe])


def test_a_ruleset_that_hangs_the_engine_is_given_up_after_the_time_limit() -> None:
    siblings: dict[str, object] = {f"r{at}": {"all": [{"m": {"$and": [{"t": 1}, {"f0": at}]}}]} for at in range(600)}
    with pytest.raises(EngineFault, match="did not come to an end within 2 s"):
        try_raw(siblings, {"f0": 5}, ["r5"], limit=2)


def test_a_sound_ruleset_passes_its_trial() -> None:
    try_raw(one_rule({"$and": [{"t": 1}, {"f0": 1}]}), {"f0": 1}, ["r0"])


def test_a_trial_is_held_once_for_equal_programmes(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[object] = []
    monkeypatch.setattr(trial, "_run_child", lambda trials, _: held.append(trials))
    monkeypatch.setattr(trial, "_passed", set())
    for _ in range(3):
        DurableDecider({"one": Compare("age", "equals", 1)}, book)
    assert len(held) == 1
    DurableDecider({"one": Compare("age", "equals", 2)}, book)
    assert len(held) == 2


def test_what_was_accepted_is_not_tried_again_when_a_service_compiles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[object] = []
    monkeypatch.setattr(trial, "_run_child", lambda trials, _: held.append(trials))
    monkeypatch.setattr(trial, "_passed", set())
    rules = load_rules(Path(__file__).parents[3] / "rules")
    accept_rules(rules)
    assert len(held) == 1
    DurableDecider({name: rule.when for name, rule in rules.eligibility.items()}, rules)
    DurableDecider({rule.id: rule.condition for rule in rules.triggers.values()}, with_windows(rules))
    accept_rules(rules)
    assert len(held) == 1


def test_a_book_the_engine_cannot_carry_is_not_accepted(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        msg = "the rules failed in the rules engine: exit status -11"
        raise EngineFault(msg)

    monkeypatch.setattr(trial, "_passed", set())
    monkeypatch.setattr(trial, "_run_child", fail)
    with pytest.raises(RuleFaults) as caught:
        accept_rules(book)
    assert [fault.code for fault in caught.value.faults] == ["engine_refuses"]


def test_an_engine_that_does_not_reach_the_end_gives_no_decision_and_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ruleset = Ruleset("broken", json.dumps({**one_rule({"$and": [{"t": 1}, {"f0": 1}]}), DONE: CATCH_ALL}), 2)
    first = ruleset._handle
    with monkeypatch.context() as patched:
        patched.setattr(durable_rules_engine, "start_action_for_state", lambda *_: None)
        with pytest.raises(EngineFault, match="catch-all"):
            ruleset.fire(',"f0":1')
    assert ruleset.fire(',"f0":1') == ["r0"]
    assert ruleset._handle != first


def test_an_interrupted_decision_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = Ruleset("interrupted", json.dumps({**one_rule({"$and": [{"t": 1}, {"f0": 1}]}), DONE: CATCH_ALL}), 2)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(durable_rules_engine, "complete_and_start_action", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ruleset.fire(',"f0":1')
    assert ruleset.fire("") == []


def test_an_engine_that_keeps_failing_is_not_replaced_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = Ruleset("hopeless", json.dumps({DONE: CATCH_ALL}), 1)
    monkeypatch.setattr(durable_rules_engine, "start_action_for_state", lambda *_: None)
    made: list[int] = []
    create = ruleset._create
    monkeypatch.setattr(ruleset, "_create", lambda: made.append(1) or create())
    for _ in range(100):
        with pytest.raises(EngineFault):
            ruleset.fire("")
    assert len(made) == 20
