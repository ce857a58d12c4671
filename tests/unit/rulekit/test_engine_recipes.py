"""Every known way to crash, hang or mislead durable-rules 2.0.28, and the test that shows it cannot happen here.

"Shape" is `test_what_is_given_to_the_engine_stays_within_the_measured_subset`, "calls" is
`test_only_five_functions_of_the_engine_are_called_and_only_in_one_module` (both in test_engine_guard), "trial" are the
recipes of test_engine_trials, which fail in the child process; tests without a file are here. "Raw" are those here that
do it to the engine itself, in a child process, to show that the danger is there still.

| recipe | what keeps it away | test |
|---|---|---|
| `delete_state` aborts | never called | calls |
| the 1,025th session | one constant session | raw; a_message_names_the_one_session |
| a rule on `id`, a join on `sid` | facts have names of ours, no joins | guard: by_its_own_name; shape |
| a batch with a fact no rule matches | single facts; a rule that every message matches | calls; shape |
| a false join of two messages | one message a rule | shape |
| division by zero | no arithmetic in rules | trial; shape |
| 256 equal rules | equal conjunctions become one rule | trial; shape |
| 512 siblings hang | at most 50 rules in a ruleset | trial; shape |
| more than 64 nodes at once | at most 50 rules in a ruleset | trial; guard: hundreds_of_conditions |
| `$nex` alone, `$or` with `$nex`, an empty `$and` | none of them; `t` comes first | trial; shape |
| 4,096 rules, 16 messages, 15 groups, 255 fields | 50, 1, 1 and 200 | raw; shape |
| `$or` fires once for each branch | alternatives are rules, what holds is a set | trial; shape |
| a comparison with a field that is missing | the sign is worked out beforehand | beside_a_fact_that_is_missing |
| `$iall` of an empty list is false | sets are numbers | raw; an_empty_set |
| alternatives over lists of objects | no lists | a_message_is_whole_numbers |
| order of strings around spaces | strings are codes, texts have no order | raw; a_message_is_whole_numbers |
| strings of 64 KiB | strings are codes, at most 1,000 bytes | a_message_is_whole_numbers |
| integers wrap at 2^63 | literals below 2^53, facts within 10^12 | shape; beyond_what_it_compares |
| `1 == "1"`, `true == 1` | types are checked before | raw; guard: an_ill_typed_fact |
| a join of 1 and 1.0 | no joins, numbers are whole ten-thousandths | raw; shape |
| null counts as there | null is left out | raw; null_and_missing |
| sessions are 32-bit hashes | one constant session | raw; a_message_names_the_one_session |
| `1e16` and `1e-05` | whole numbers, written out | raw; a_message_is_whole_numbers |
| a Decimal raises | refused as no number | a_decimal_never_reaches |
| exceptions in actions are swallowed; actions with a default argument hang | no actions, no `Host` | calls |
| threads that share a session | a lock for each ruleset | guard: threads_that_share |
| two timer threads | no `Host` | guard: no_threads |
| field names of equal FNV hash | looked for when compiling | guard: taken_for_one |
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest

from shared.rulekit.durable_backend import DurableDecider, DurableJudge, EngineFault
from shared.rulekit.durable_backend.engine import Ruleset
from shared.rulekit.durable_backend.programme import compile_conditions
from shared.rulekit.facts import Facts, InvalidFact
from shared.rulekit.model import All, Any, Compare, Condition, IsKnown, Not, OtherFact, RuleBook
from tests.unit.rulekit.rule_folders import ON, make_book

RAW = """
import json, sys
import durable_rules_engine as engine

def make(name, *tests):
    last = {"all": [{"m": {"t": 1}}], "pri": 99}
    rules = {"r": {"all": [{"m": {"$and": [{"t": 1}, *tests]}}], "pri": 1}, "done": last}
    return engine.create_ruleset(name, json.dumps(rules))

def fired(handle, **fields):
    message = {"sid": "1", "id": "1", "t": 1, **fields}
    code, state = engine.assert_fact(handle, json.dumps(message))
    started = engine.start_action_for_state(handle, state)
    names, activation = [], started and started[1]
    while activation:
        names.append(next(iter(json.loads(activation))))
        activation = engine.complete_and_start_action(handle, state)
    engine.retract_fact(handle, json.dumps({"sid": message["sid"], "id": "1"}))
    return "r" in names

def refused(ask):
    try:
        ask()
    except engine.error as error:
        return str(error)
"""


def raw(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script on the engine itself, in a child process that it may take down."""
    return subprocess.run([sys.executable, "-c", RAW + script], capture_output=True, text=True, timeout=60, check=False)


WRONG = """
nested = {"f0": 1}
for at in range(20):
    nested = {"$and": [nested, {f"g{at}": 1}]}
two = engine.create_ruleset("two", json.dumps({"r": {"all": [{"a": {"f0": 1}}, {"b": {"f0": 2}}]}}))
engine.assert_fact(two, '{"sid": 86132197350, "id": "1", "f0": 1}')
code, state = engine.assert_fact(two, '{"sid": 86136275834, "id": "2", "f0": 2}')
found = {
    "two sessions are one": engine.start_action_for_state(two, state) is not None,
    "null is there": fired(make("null", {"$ex": {"f0": 1}}), f0=None),
    "true is 1": fired(make("true", {"f0": 1}), f0=True),
    "'1' is 1": fired(make("text", {"f0": "1"}), f0=1),
    "none of nothing": fired(make("list", {"$iall": {"f0": {"$neq": {"$i": 1}}}}), f0=[]),
    "a before a b": fired(make("words", {"$lt": {"f0": "a b"}}), f0="a"),
    "1e16": refused(lambda: fired(make("large", {"$gt": {"f0": 1}}), f0=1e16)),
    "1e-05": refused(lambda: fired(make("small", {"f1": 1}), f0=1e-05, f1=1)),
    "300 fields": refused(lambda: fired(make("wide"), **{f"f{at}": at for at in range(300)})),
    "20 groups": refused(lambda: make("deep", nested)),
}
json.dump(found, sys.stdout)
"""


def test_raw_the_engine_errs_where_the_guard_says_it_does() -> None:
    found = json.loads(raw(WRONG).stdout)
    refusals = {name: found.pop(name) for name in ("1e16", "1e-05", "300 fields", "20 groups")}
    assert found == {
        "two sessions are one": True,
        "null is there": True,
        "true is 1": True,
        "'1' is 1": True,
        "none of nothing": False,
        "a before a b": False,
    }
    assert [refusals[name][-3:] for name in refusals] == ["204", "204", "302", "113"]


def test_raw_the_engine_holds_so_many_sessions_and_no_more() -> None:
    child = raw('handle = make("many")\nfor at in range(1_100):\n    fired(handle, sid=str(at))\n')
    assert child.returncode != 0
    assert "MemoryError" in child.stderr or child.returncode < 0


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), silent="when: {arrears: false}\n")


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.rulekit.durable_backend.decider.try_in_child", lambda _: None)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect every message that a ruleset is given."""
    seen: list[str] = []
    fire = Ruleset._fire
    monkeypatch.setattr(Ruleset, "_fire", lambda self, message: seen.append(message) or fire(self, message))
    monkeypatch.setattr("shared.rulekit.durable_backend.decider.try_in_child", lambda _: None)
    yield seen
    assert seen


EVERY_FORM: dict[str, Condition] = {
    "integer": Compare("age", "more_than", 1),
    "number": Compare("used", "at_least", 0.0001),
    "text": Not(Compare("handset", "equals", "a b")),
    "texts": Compare("handset", "one_of", ("a", "a ", "x" * 1_000)),
    "enum": Compare("brand", "equals", "gotone"),
    "set": Compare("products", "contains_all", ("crbt", "mms")),
    "none of a set": Not(Compare("products", "contains_any", ("crbt",))),
    "size": Compare("products", "at_least", 1, of="size"),
    "date": Compare("joined", "older_than", 30),
    "two facts": Compare("used", "more_than", OtherFact("quota", Fraction(4, 5))),
    "known": Not(IsKnown("spend")),
}
FULL: Facts = {"age": 10**12, "used": 1e8, "quota": 0.0001, "handset": "a", "brand": "mzone", "products": ["crbt"],
               "joined": "0001-01-01", "spend": -(10**12), "arrears": True}  # fmt: skip


def test_a_message_is_whole_numbers_under_names_of_ours(book: RuleBook, messages: list[str]) -> None:
    judge = DurableJudge(EVERY_FORM, book)
    for facts in (FULL, {}, {"handset": 'x"}],' * 100, "products": []}, {"used": 0.00010, "quota": 99_999_999.9999}):
        judge.judge(facts, on=ON)
    for message in messages:
        assert re.fullmatch(r'\{"sid":"1","id":"1","t":1(,"f[0-9]+":-?[0-9]{1,17})*\}', message)


def test_a_message_names_the_one_session_and_the_one_fact(book: RuleBook, messages: list[str]) -> None:
    decider = DurableDecider(EVERY_FORM, book)
    for age in range(1_200):  # more than the engine has room for sessions
        decider.decide({"age": age}, on=ON)
    assert {message.split(',"t"')[0] for message in messages} == {'{"sid":"1","id":"1"'}


@pytest.mark.usefixtures("no_trial")
def test_a_comparison_beside_a_fact_that_is_missing_is_unknown(book: RuleBook) -> None:
    judge = DurableJudge(EVERY_FORM, book)
    for used in range(200):
        assert judge.judge({"used": used}, on=ON)["two facts"] is None
        assert judge.judge({"quota": used}, on=ON)["two facts"] is None


@pytest.mark.usefixtures("no_trial")
def test_an_empty_set_contains_none_of_anything(book: RuleBook) -> None:
    judge = DurableJudge(EVERY_FORM, book)
    assert judge.judge({"products": []}, on=ON)["none of a set"] is True
    assert judge.judge({}, on=ON)["none of a set"] is None


@pytest.mark.usefixtures("no_trial")
def test_null_and_missing_are_one(book: RuleBook) -> None:
    judge = DurableJudge(EVERY_FORM, book)
    assert judge.judge(dict.fromkeys(FULL), on=ON) == judge.judge({}, on=ON)
    assert judge.judge({}, on=ON)["known"] is True


@pytest.mark.usefixtures("no_trial")
def test_a_decimal_never_reaches_the_engine(book: RuleBook) -> None:
    decider = DurableDecider(EVERY_FORM, book)
    with pytest.raises(InvalidFact):
        decider.decide({"used": Decimal("0.1")}, on=ON)  # type: ignore[dict-item]  # what no type checker stops


def test_a_number_beyond_what_it_compares_exactly_is_refused(book: RuleBook) -> None:
    with pytest.raises(EngineFault, match="beyond what the engine compares exactly"):
        compile_conditions({"one": Compare("age", "at_least", 2**53)}, book)


def test_what_was_dangerous_together_is_split_small(book: RuleBook) -> None:
    """The recipes in one set of conditions: 600 siblings, 300 alike, groups in groups, alternatives, absent fields."""
    many: dict[str, Condition] = {f"sibling {at}": Compare("age", "equals", at) for at in range(600)}
    many |= {f"alike {at}": Compare("tenure", "equals", 1) for at in range(300)}
    nested: Condition = IsKnown("age")
    for at in range(40):
        nested = All((Any((nested, Not(IsKnown("spend")))), Compare("used", "more_than", at)))
    many["nested"] = nested
    programme = compile_conditions(many, book)
    for shard in programme.shards:
        rules = json.loads(shard.definition())
        assert len(rules) <= 50
        for rule in rules.values():
            ((_, body),) = rule["all"][0].items()
            assert not set(body) - {"$and", "t"}
            for test in body.get("$and", []):
                assert not set(test) & {"$or", "$and", "$nex", "$ex", "$not"}
    decider = DurableDecider(many, book)
    about = {"age": 5, "tenure": 1, "used": 41}
    assert sum(decider.decide(about, on=ON).values()) == 1 + 300 + 1
