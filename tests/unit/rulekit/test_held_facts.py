"""A rule may use only facts that every service which runs it holds."""

from pathlib import Path

import pytest

from shared.rulekit.faults import RuleFaults
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import VOCABULARY, faults_of, make_folder, only, put_rule

OTHERS = """
  waiting: {type: integer, owner: campaigns, column: waiting, zh: 等待, en: Waiting}
  secret: {type: integer, owner: customer_view, held_by: [], column: secret, zh: 秘密, en: Secret}
  shared: {type: integer, owner: campaigns, held_by: [customer_view], column: shared, zh: 共享, en: Shared}
"""
HELD = VOCABULARY.replace("events:\n", OTHERS.lstrip("\n") + "events:\n")


def test_what_customer_view_owns_is_held_by_campaigns_unless_the_vocabulary_says_otherwise(tmp_path: Path) -> None:
    facts = load_rules(make_folder(tmp_path, HELD)).vocabulary.facts
    assert facts["age"].holders == {"customer_view", "campaigns"}
    assert facts["secret"].holders == {"customer_view"}
    assert facts["waiting"].holders == {"campaigns"}
    assert facts["shared"].holders == {"customer_view", "campaigns"}


def test_a_segment_is_judged_by_customer_view_alone(tmp_path: Path) -> None:
    make_folder(tmp_path, HELD)
    put_rule(tmp_path, "segments", "one", "when: {all: [{secret: 1}, {shared: 1}]}\n")
    assert "one" in load_rules(tmp_path).segments
    put_rule(tmp_path, "segments", "one", "when:\n  all:\n    - {age: 1}\n    - {waiting: 1}\n")
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line, fault.column) == ("fact_not_held", 7, 8)
    assert fault.message == "waiting is kept by campaigns; customer_view, which runs segments, does not hold it"


def test_an_eligibility_rule_is_judged_by_campaigns_too(tmp_path: Path) -> None:
    make_folder(tmp_path, HELD)
    put_rule(tmp_path, "eligibility", "one", "level: suitability\nwhen: {secret: {is_known: true}}\n")
    fault = only(faults_of(tmp_path))
    assert fault.message == "secret is kept by customer_view; campaigns, which runs eligibility, does not hold it"


def test_a_segment_that_an_eligibility_rule_names_runs_where_the_rule_does(tmp_path: Path) -> None:
    make_folder(tmp_path, HELD)
    put_rule(tmp_path, "segments", "hidden", "when: {secret: 1}\n")
    put_rule(tmp_path, "segments", "outer", "when: {not: {segment: hidden}}\n")
    put_rule(tmp_path, "eligibility", "one", "level: suitability\nwhen: {segment: outer}\n")
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line) == ("fact_not_held", 5)
    assert fault.message.startswith("secret, asked for by segment outer, is kept by customer_view; campaigns")


def test_the_other_side_of_a_comparison_and_the_words_count_too(tmp_path: Path) -> None:
    make_folder(tmp_path, HELD)
    put_rule(tmp_path, "segments", "one", "when: {age: {more_than: {fact: waiting}}}\n")
    assert only(faults_of(tmp_path)).code == "fact_not_held"
    head = 'id: one\nowner: tests\nbecause: {zh: "{waiting}", en: b}\n'
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n", head=head)
    assert (only(faults_of(tmp_path)).code, only(faults_of(tmp_path)).line) == ("fact_not_held", 3)


def test_a_trigger_uses_facts_and_events_of_customer_view(tmp_path: Path) -> None:
    elsewhere = "  asked: {owner: campaigns, zh: 询问, en: Asked}\n"
    make_folder(tmp_path, HELD + elsewhere)
    put_rule(tmp_path, "triggers", "one", "kind: count\nevent: asked\nat_least: 1\nwithin: 1d\n")
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line) == ("event_not_held", 5)
    put_rule(tmp_path, "triggers", "one", "kind: count\nevent: paid\nat_least: 1\nwithin: 1d\nwhen: {waiting: 1}\n")
    assert only(faults_of(tmp_path)).code == "fact_not_held"


def test_a_condition_written_inline_is_refused_by_the_service_that_will_judge_it(tmp_path: Path) -> None:
    vocabulary = load_rules(make_folder(tmp_path, HELD)).vocabulary
    condition = {"all": [{"age": 1}, {"waiting": 1}]}
    assert read_condition(condition, vocabulary) is not None
    assert read_condition(condition, vocabulary, holder="campaigns") is not None
    with pytest.raises(RuleFaults) as caught:
        read_condition(condition, vocabulary, holder="customer_view")
    assert [(one.path, one.code) for one in caught.value.faults] == [("rule.all.1.waiting", "fact_not_held")]
