"""What makes the rules engine crash, hang or err never reaches it; what does is tried in a child process first."""

import ast
import json
import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.kernel.text import Text
from shared.rulekit import reference
from shared.rulekit.durable_backend import DurableDecider, engine
from shared.rulekit.durable_backend.fields import Field, colliding
from shared.rulekit.durable_backend.programme import Programme, compile_conditions
from shared.rulekit.facts import InvalidFact
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact, RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.vocabulary import Fact, Vocabulary
from tests.unit.rulekit.rule_folders import ON, make_book, make_folder, put_rule


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), silent="when: {arrears: false}\n")


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.rulekit.durable_backend.decider.try_in_child", lambda _: None)


def programme_of(book: RuleBook, count: int = 30) -> Programme:
    """Compile one condition of each form, and many more."""
    conditions: dict[str, Condition] = {f"c{at}": Compare("age", "more_than", at) for at in range(count)}
    conditions |= {
        "known": Not(IsKnown("age")),
        "text": Not(Compare("handset", "equals", 'a"}]};\\')),
        "list": Compare("handset", "one_of", tuple(f"t{at}" for at in range(500))),
        "set": Not(Compare("products", "contains_any", ("crbt",))),
        "facts": Compare("used", "more_than", OtherFact("quota")),
        "either": All((Any(tuple(Compare("age", "equals", at) for at in range(700))), IsKnown("spend"))),
        "segment": Not(InSegment("silent")),
        "always": Constant(value=True),
        "never": Constant(value=None),
    }
    return compile_conditions(conditions, book)


def test_what_is_given_to_the_engine_stays_within_the_measured_subset(book: RuleBook) -> None:
    programme = programme_of(book, 300)
    operators: set[str] = set()
    for shard in programme.shards:
        definition = json.loads(shard.definition())
        assert len(definition) <= 50
        assert len(shard.fields) < 255
        bodies = [json.dumps(rule) for rule in definition.values()]
        assert len(bodies) == len(set(bodies))  # no two rules alike
        for rule in definition.values():
            (message,) = rule["all"]  # one message, so no join
            tests = message["m"].get("$and", [message["m"]])
            assert tests[0] == {"t": 1}
            for test in tests:
                ((name, operand),) = test.items()
                if name.startswith("$"):
                    operators.add(name)
                    ((name, operand),) = operand.items()
                assert name == "t" or name[0] == "f"
                assert type(operand) is int
                assert abs(operand) < 2**53
    assert operators <= {"$neq", "$lt", "$lte", "$gt", "$gte"}
    assert programme.always == {"always"}


def test_only_five_functions_of_the_engine_are_called_and_only_in_one_module() -> None:
    called = {
        node.attr
        for node in ast.walk(ast.parse(Path(engine.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "durable_rules_engine"
    }
    assert called == {
        "assert_fact",
        "complete_and_start_action",
        "create_ruleset",
        "error",
        "retract_fact",
        "start_action_for_state",
    }


def test_no_threads_are_started(book: RuleBook) -> None:
    before = threading.active_count()
    DurableDecider({"one": Compare("age", "equals", 1)}, book).decide({"age": 1}, on=ON)
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["id", "sid", "$s", "a.b", "t", "f0"])
@pytest.mark.usefixtures("no_trial")
def test_a_fact_is_never_known_to_the_engine_by_its_own_name(name: str) -> None:
    fact = Fact(name, "integer", "tests", "c", Text("名", "name"))
    odd = RuleBook(Vocabulary({name: fact}, "v"), {}, {}, {}, {}, {}, "v")
    decider = DurableDecider({"one": Compare(name, "equals", 5)}, odd)
    assert decider.decide({name: 5}, on=ON) == {"one": True}
    assert decider.decide({name: 6}, on=ON) == {"one": False}
    assert decider.decide({}, on=ON) == {"one": False}


def test_names_that_the_engine_takes_for_one_are_found() -> None:
    fields = {Field("value", "a"): "f0", Field("value", "b"): "f1"}
    assert colliding(fields) is None
    assert colliding({Field("value", "a"): "costarring", Field("value", "b"): "liquid"}) == ("costarring", "liquid")


@pytest.mark.usefixtures("no_trial")
def test_hundreds_of_conditions_that_hold_at_once_are_all_reported(book: RuleBook) -> None:
    conditions: dict[str, Condition] = {f"c{at}": Compare("age", "more_than", at) for at in range(300)}
    conditions |= {f"same{at}": Compare("age", "equals", 500) for at in range(300)}
    decider = DurableDecider(conditions, book)
    assert all(decider.decide({"age": 500}, on=ON).values())
    assert sum(decider.decide({"age": 100}, on=ON).values()) == 100


@pytest.mark.usefixtures("no_trial")
def test_no_state_is_left_from_one_subscriber_to_the_next(book: RuleBook) -> None:
    decider = DurableDecider({"poor": Compare("spend", "less_than", 100), "old": Compare("age", "at_least", 60)}, book)
    assert decider.decide({"spend": 1, "age": 70}, on=ON) == {"poor": True, "old": True}
    assert decider.decide({}, on=ON) == {"poor": False, "old": False}
    assert decider.decide({"age": 60}, on=ON) == {"poor": False, "old": True}


@pytest.mark.usefixtures("no_trial")
def test_memory_stays_flat_over_many_decisions(book: RuleBook) -> None:
    decider = DurableDecider({f"c{at}": Compare("age", "more_than", at) for at in range(10)}, book)
    for age in range(2_000):
        decider.decide({"age": age % 20}, on=ON)
    before = resident_kilobytes()
    for age in range(20_000):
        decider.decide({"age": age % 20}, on=ON)
    assert resident_kilobytes() - before < 2_000


def resident_kilobytes() -> int:
    """Return what this process holds now (the peak would hide a leak behind an earlier test)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


@pytest.mark.usefixtures("no_trial")
def test_threads_that_share_a_decider_get_their_own_answers(book: RuleBook) -> None:
    decider = DurableDecider({f"c{at}": Compare("age", "more_than", at) for at in range(20)}, book)
    ages = [age % 21 for age in range(2_000)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda age: sum(decider.decide({"age": age}, on=ON).values()), ages))
    assert counts == ages


@pytest.mark.usefixtures("no_trial")
def test_an_ill_typed_fact_never_reaches_the_engine(book: RuleBook) -> None:
    decider = DurableDecider({"one": Compare("used", "at_least", 0.5)}, book)
    for value in (float("nan"), float("inf"), 1e300, 1e-05, "1", True, 2**53):
        with pytest.raises(InvalidFact):
            decider.decide({"used": value}, on=ON)
    assert decider.decide({"used": 1}, on=ON) == {"one": True}


@pytest.mark.usefixtures("no_trial")
def test_a_segments_days_are_those_of_the_judgement(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "march", "valid_for: {from: 2026-03-02}\nwhen: {age: {is_known: true}}\n")
    book = load_rules(tmp_path)
    decider = DurableDecider({"in": InSegment("march"), "out": Not(InSegment("march"))}, book)
    for on in (ON, ON.replace(month=2)):
        inside = reference.evaluate(InSegment("march"), {"age": 1}, book=book, on=on)
        assert decider.decide({"age": 1}, on=on) == {"in": inside, "out": not inside}
