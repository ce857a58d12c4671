"""The rules engine is believed only as long as it agrees with the reference: what is doubted is not offered."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.campaigns.adapters.eligibility import ENGINE_FAULT, EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from shared.observability import metrics
from shared.rulekit.durable_backend import EngineFault
from shared.rulekit.facts import Facts
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import ON, make_folder, put_rule

ADULT, CHILD = {"age": 30}, {"age": 9}


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    make_folder(tmp_path)
    put_rule(tmp_path, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 18}}\n")
    put_rule(tmp_path, "eligibility", "loyal", "level: suitability\nwhen: {tenure: {at_least: 24}}\n")
    return load_rules(tmp_path)


class Scripted:
    """An engine that says what it is told to say, or fails."""

    def __init__(self, *sayings: Mapping[str, bool] | EngineFault) -> None:
        self.sayings = list(sayings)

    def decide(self, facts: Facts, *, on: date) -> Mapping[str, bool]:  # noqa: ARG002 - the port's signature
        said = self.sayings.pop(0) if len(self.sayings) > 1 else self.sayings[0]
        if isinstance(said, EngineFault):
            raise said
        return said


class Makers:
    """Makes the engines it is given, one after the other; a fault refuses to make one."""

    def __init__(self, *engines: Scripted | EngineFault) -> None:
        self.engines, self.made = list(engines), 0

    def __call__(self, book: RuleBook) -> Scripted:  # noqa: ARG002 - the port's signature
        self.made += 1
        engine = self.engines.pop(0) if len(self.engines) > 1 else self.engines[0]
        if isinstance(engine, EngineFault):
            raise engine
        return engine


def figure(name: str, rule: str = "") -> float:
    """Return what a counter of this process stands at."""
    wanted = f'{name}{{rule="{rule}"}} ' if rule else f"{name} "
    lines = metrics.exposition().decode().splitlines()
    return sum(float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted))


def judge(book: RuleBook, engine: Scripted, share: float = 1.0) -> EligibilityJudge:
    return EligibilityJudge(book, share, make=Makers(engine))


@pytest.mark.parametrize("share", [1e-9, 1.0])
def test_an_engine_that_tells_the_truth_is_believed(book: RuleBook, share: float) -> None:
    for facts, holds in ((ADULT, True), (CHILD, False), ({}, False)):
        found = EligibilityJudge(book, share).judge(["adult"], facts, ON, "r1")
        assert (found.holds, found.doubts) == ({"adult": holds}, {})


@pytest.mark.parametrize(("facts", "said"), [(CHILD, True), (ADULT, False)])
def test_a_rule_on_which_the_executors_differ_does_not_hold_whoever_is_right(
    book: RuleBook, facts: Facts, *, said: bool
) -> None:
    before = figure("banyan_rule_decisions_differing_total", rule="adult")
    with capture_logs() as logs:
        found = judge(book, Scripted({"adult": said, "loyal": False})).judge(["adult", "loyal"], facts, ON, "r1")
    assert found.holds == {"adult": False, "loyal": False}
    assert list(found.doubts) == ["adult"]
    assert found.doubts["adult"].rule_version == book.eligibility["adult"].version
    assert figure("banyan_rule_decisions_differing_total", rule="adult") == before + 1
    [alarm] = [each for each in logs if each["event"] == "rule_decision_differs"]
    assert (alarm["log_level"], alarm["rule"], alarm["engine"]) == ("error", "adult", said)
    assert alarm["facts"] == ["age"], "the log names facts, never what a subscriber's are"
    assert set(alarm) == {"event", "log_level", "rule", "version", "engine", "reference", "facts"}


def test_which_decisions_are_compared_depends_on_their_key_alone(book: RuleBook) -> None:
    keys = [f"request-{number}" for number in range(400)]
    compared = []
    for _ in range(2):
        liar = [judge(book, Scripted({"adult": True}), 0.1).judge(["adult"], CHILD, ON, key) for key in keys]
        compared.append([key for key, found in zip(keys, liar, strict=True) if found.doubts])
    assert compared[0] == compared[1]
    assert 20 <= len(compared[0]) <= 60


def test_a_rule_that_differed_once_is_always_compared_until_the_next_rule_set(book: RuleBook) -> None:
    keys = [f"request-{number}" for number in range(2_000)]
    liar = judge(book, Scripted({"adult": True}), 0.01)
    doubted = [bool(liar.judge(["adult"], CHILD, ON, key).doubts) for key in keys]
    first = doubted.index(True)
    assert 0 < first < 1_000
    assert all(doubted[first:])
    honest = judge(book, Scripted({"adult": True}), 1e-9).judge(["adult"], CHILD, ON, keys[first])
    assert not honest.doubts, "the next rule set begins without suspicion"


def test_decisions_compared_are_counted(book: RuleBook) -> None:
    before = figure("banyan_rule_decisions_compared_total")
    judge(book, Scripted({"adult": True})).judge(["adult"], ADULT, ON, "r1")
    judge(book, Scripted({"adult": True}), 1e-9).judge(["adult"], ADULT, ON, "r1")
    assert figure("banyan_rule_decisions_compared_total") == before + 1


def test_without_an_answer_of_the_engine_nothing_holds_and_a_new_one_is_made(book: RuleBook) -> None:
    before = figure("banyan_rule_engine_faults_total")
    makers = Makers(Scripted(EngineFault("stuck")), Scripted({"adult": True, "loyal": True}))
    judging = EligibilityJudge(book, make=makers)
    found = judging.judge(["adult", "loyal"], ADULT, ON, "r1")
    assert not any(found.holds.values())
    assert {cause.rule_id for cause in found.doubts.values()} == {ENGINE_FAULT}
    assert sorted(found.doubts) == ["adult", "loyal"]
    assert figure("banyan_rule_engine_faults_total") == before + 1
    assert judging.judge(["adult"], ADULT, ON, "r2").holds == {"adult": True}
    assert makers.made == 2


def test_an_engine_that_fails_again_and_again_is_not_made_without_end(book: RuleBook) -> None:
    makers = Makers(Scripted(EngineFault("stuck")))
    judging = EligibilityJudge(book, make=makers)
    for number in range(100):
        assert judging.judge(["adult"], ADULT, ON, f"r{number}").doubts
    assert makers.made == 21


def test_rules_the_engine_refuses_are_tried_again_after_a_while(book: RuleBook) -> None:
    now = [0.0]
    makers = Makers(EngineFault("too slow"), Scripted({"adult": True}))
    judging = EligibilityJudge(book, make=makers, monotonic=lambda: now[0])
    assert judging.judge(["adult"], ADULT, ON, "r1").doubts
    assert judging.judge(["adult"], ADULT, ON, "r2").doubts
    assert makers.made == 1, "nobody at a desk waits for a trial that has just failed"
    now[0] = 31.0
    assert judging.judge(["adult"], ADULT, ON, "r3").holds == {"adult": True}


def test_a_rule_that_is_gone_or_not_in_force_does_not_hold(tmp_path: Path) -> None:
    make_folder(tmp_path)
    body = "level: eligibility\nvalid_for: {to: 2026-03-01}\nwhen: {age: {at_least: 18}}\n"
    put_rule(tmp_path, "eligibility", "adult", body)
    found = EligibilityJudge(load_rules(tmp_path), 1.0).judge(["adult", "gone"], ADULT, ON, "r1")
    assert found.holds == {"adult": False}
    assert found.doubts == {}


def test_a_value_that_the_vocabulary_no_longer_permits_is_unknown(book: RuleBook, tmp_path: Path) -> None:
    facts: Facts = {"age": 30, "tenure": "two years", "dropped": 1}
    found = EligibilityJudge(book, 1.0).judge(["adult", "loyal"], facts, ON, "r1")
    assert (found.holds, found.doubts) == ({"adult": True, "loyal": False}, {})
    rule = tmp_path / "eligibility" / "loyal" / "rule.yaml"
    rule.write_text(rule.read_text().replace('"because"', '"with us for {tenure} months"'))
    in_force = BookInForce(load_rules(tmp_path), ON, EligibilityJudge(book))
    assert in_force.explain("loyal", facts) == in_force.explain("loyal", {})
