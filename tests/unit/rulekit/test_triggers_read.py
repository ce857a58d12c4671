"""Triggers and ranking rules: what the files say is what the values hold, and what they may not say."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.rulekit import model
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import VOCABULARY, faults_of, make_folder, only, put_rule

COUNT = "kind: count\nevent: passed\nat_least: 2\nwithin: 3d\n"
RANKING = "order: 1\nvalue: {at_least: 0, at_most: 10}\npropensity: {at_least: 0, at_most: 1, otherwise: 0.1}\n"
PRIORITY = "priority: {at_least: 1, at_most: 100}\n"


def trigger(root: Path, body: str) -> model.TriggerRule:
    make_folder(root)
    put_rule(root, "triggers", "one", body)
    return load_rules(root).triggers["one"]


def test_a_count_of_events_that_meet_a_condition(tmp_path: Path) -> None:
    rule = trigger(tmp_path, COUNT + "where: {percent: {at_least: 80}}\nwhen: {brand: mzone}\nagain_after: 7d\n")
    match = model.EventMatch("passed", model.Compare("percent", "at_least", 80))
    assert rule.pattern == model.CountPattern(match, 2, timedelta(days=3))
    when = model.Compare("brand", "equals", "mzone")
    assert (rule.when, rule.again_after) == (when, timedelta(days=7))
    assert rule.condition == model.All((model.Compare("window.one", "at_least", 2), when))


def test_a_sequence_of_events_with_money_in_yuan(tmp_path: Path) -> None:
    steps = "steps:\n  - {event: paid, where: {amount: {at_least: 50}, way: cash}}\n  - {event: passed}\n"
    rule = trigger(tmp_path, f"kind: sequence\n{steps}within: 36h\n")
    paid = model.All((model.Compare("amount", "at_least", 5000), model.Compare("way", "equals", "cash")))
    steps_read = (model.EventMatch("paid", paid), model.EventMatch("passed"))
    assert rule.pattern == model.SequencePattern(steps_read, timedelta(hours=36))
    assert (rule.when, rule.again_after) == (None, None)


def test_an_absence_of_events(tmp_path: Path) -> None:
    rule = trigger(tmp_path, "kind: absence\nafter: {event: paid}\nwithout: {event: downloaded}\nfor: 2w\n")
    pattern = model.AbsencePattern(model.EventMatch("paid"), model.EventMatch("downloaded"), timedelta(days=14))
    assert rule.pattern == pattern


WRONG_TRIGGERS = {
    "kind: often\n": ("unknown_word", 4),
    "kind: count\nevent: pased\nat_least: 1\nwithin: 1d\n": ("unknown_event", 5),
    COUNT + "where: {percnt: 80}\n": ("unknown_attribute", 8),
    COUNT + "where: {age: 80}\n": ("unknown_attribute", 8),
    COUNT + "where: {segment: old}\n": ("segment_of_event", 8),
    COUNT + "when: {percent: 80}\n": ("unknown_fact", 8),
    "kind: count\nevent: passed\nat_least: 0\nwithin: 1d\n": ("bad_number", 6),
    "kind: count\nevent: passed\nat_least: 10001\nwithin: 1d\n": ("too_large", 6),
    "kind: count\nevent: passed\nat_least: 2\nwithin: 3 days\n": ("bad_span", 7),
    "kind: count\nevent: passed\nat_least: 2\n": ("missing_key", 1),
    "kind: sequence\nsteps: [{event: passed}]\nwithin: 1d\n": ("too_few_steps", 5),
    "kind: sequence\nsteps: [" + "{event: passed}, " * 11 + "]\nwithin: 1d\n": ("too_many_steps", 5),
    "kind: sequence\nsteps: passed\nwithin: 1d\n": ("wrong_shape", 5),
    "kind: absence\nafter: {event: paid}\nwithout: downloaded\nfor: 1d\n": ("wrong_shape", 6),
    "kind: absence\nafter: {event: paid}\nwithout: {event: passed}\nwithin: 1d\nfor: 1d\n": ("unknown_key", 7),
}


@pytest.mark.parametrize(("body", "expected"), WRONG_TRIGGERS.items())
def test_a_wrong_trigger_is_told_with_its_line(tmp_path: Path, body: str, expected: tuple[str, int]) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "triggers", "one", body)
    fault = only(tuple(one for one in faults_of(tmp_path) if one.code != "unknown_segment"))
    assert (fault.code, fault.line) == expected


def test_the_words_of_a_trigger_name_facts_and_the_count(tmp_path: Path) -> None:
    make_folder(tmp_path)
    head = 'id: one\nowner: tests\nbecause: {zh: "{count}次", en: "{age}"}\n'
    put_rule(tmp_path, "triggers", "one", COUNT, head=head)
    assert load_rules(tmp_path).triggers["one"].because.placeholders() == {"count", "age"}
    put_rule(tmp_path, "triggers", "one", COUNT, head='id: one\nowner: tests\nbecause: {zh: "{cuont}", en: b}\n')
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line, fault.suggestion) == ("unknown_fact", 3, "count")


def ranking(root: Path, **bodies: str) -> dict[str, model.RankingRule]:
    make_folder(root)
    for name, body in bodies.items():
        put_rule(root, "ranking", name, body)
    return dict(load_rules(root).ranking)


def test_a_ranking_rule_keeps_each_factor_within_bounds(tmp_path: Path) -> None:
    rule = ranking(tmp_path, one=RANKING + PRIORITY)["one"]
    assert (rule.value, rule.otherwise) == (model.Bounds(0, 1000), 0.1)
    assert rule.score(value=500, propensity=0.5, priority=10) == 2500
    assert rule.score(value=5000, propensity=None, priority=1000) == 1000 * 0.1 * 100


def test_ranking_rules_stand_in_an_order_and_one_is_for_all_other_offers(tmp_path: Path) -> None:
    special = "ranks: {categories: [crbt]}\norder: 0\n" + RANKING.replace("order: 1\n", "") + PRIORITY
    found = ranking(tmp_path / "a", one=special, rest=RANKING + PRIORITY)
    assert found["one"].members == model.Members(categories=frozenset({"crbt"}))
    make_folder(tmp_path / "b")
    put_rule(tmp_path / "b", "ranking", "one", special)
    assert only(faults_of(tmp_path / "b")).code == "no_ranking"
    put_rule(tmp_path / "b", "ranking", "rest", (RANKING + PRIORITY).replace("order: 1", "order: 0"))
    assert only(faults_of(tmp_path / "b")).code == "duplicate_order"
    put_rule(tmp_path / "b", "ranking", "one", special.replace("order: 0", "order: 2"))
    assert only(faults_of(tmp_path / "b")).code == "never_used"


WRONG_RANKING = {
    RANKING: "missing_key",
    RANKING + "priority: {at_least: 2, at_most: 1}\n": "empty_span",
    RANKING + "priority: {at_least: -1, at_most: 1}\n": "out_of_bounds",
    RANKING.replace("otherwise: 0.1", "otherwise: 1.5") + PRIORITY: "out_of_bounds",
    RANKING.replace("at_most: 10}", "at_most: 10.005}") + PRIORITY: "too_precise",
    RANKING.replace("at_most: 10}", "at_most: much}") + PRIORITY: "bad_number",
    RANKING + PRIORITY + "ranks: {}\n": "empty_members",
    RANKING.replace(", otherwise: 0.1", "") + PRIORITY: "missing_key",
}


@pytest.mark.parametrize(("body", "code"), WRONG_RANKING.items())
def test_a_wrong_ranking_rule_is_told(tmp_path: Path, body: str, code: str) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "ranking", "one", body)
    assert code in {fault.code for fault in faults_of(tmp_path)}


WRONG_EVENTS = {
    "events: []": "wrong_shape",
    "events: {Passed: {owner: a, zh: b, en: c}}": "bad_name",
    "events: {passed: {owner: a, zh: b}}": "missing_key",
    "events: {passed: {owner: a, zh: b, en: c, attributes: [percent]}}": "wrong_shape",
    "events: {passed: {owner: a, zh: b, en: c, attributes: {any: {type: integer, zh: d, en: e}}}}": "reserved_name",
    "events: {passed: {owner: a, zh: b, en: c, attributes: {p: {type: integr, zh: d, en: e}}}}": "unknown_word",
    "events: {passed: {owner: a, zh: b, en: c, attributes: {p: {type: enum, zh: d, en: e}}}}": "no_values",
}


@pytest.mark.parametrize(("text", "code"), WRONG_EVENTS.items())
def test_events_that_cannot_be_used_are_refused(tmp_path: Path, text: str, code: str) -> None:
    make_folder(tmp_path, VOCABULARY[: VOCABULARY.index("events:")] + text)
    assert only(faults_of(tmp_path)).code == code


def test_triggers_and_ranking_count_in_the_version_of_the_set_and_may_be_missing(tmp_path: Path) -> None:
    make_folder(tmp_path)
    bare = load_rules(tmp_path)
    assert (bare.triggers, bare.ranking, list(bare.events)) == ({}, {}, ["passed", "paid", "downloaded"])
    put_rule(tmp_path, "triggers", "one", COUNT)
    with_trigger = load_rules(tmp_path)
    put_rule(tmp_path, "ranking", "one", RANKING + PRIORITY)
    assert len({bare.version, with_trigger.version, load_rules(tmp_path).version}) == 3
