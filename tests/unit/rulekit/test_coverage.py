"""Coverage of cases: each test of a condition seen true and false, each answer given."""

from pathlib import Path

from shared.rulekit.cases.coverage import Covered, answer_coverage, event_coverage, leaf_coverage, leaves_of, share_of
from shared.rulekit.cases.model import CaseResult, FactCase, TriggerCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import All, RuleBook
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reading.tree import Entries
from shared.rulekit.reading.yaml_tree import read_yaml_text
from tests.unit.rulekit.rule_folders import VOCABULARY, make_folder, put_rule

RULE = """\
when:
  any:
    - age: {at_least: 18, less_than: 60}
    - all:
        - products: {contains_any: [crbt], size: {at_least: 2}}
        - not: {arrears: true}
    - brand: gotone
"""
CASES = """\
- title: young
  facts: {age: 17, products: [crbt, mms], arrears: false}
  expect: unknown
- title: old
  facts: {age: 60, products: [], brand: gotone}
  expect: true
"""


def covered(root: Path, cases: str = CASES) -> list[Covered]:
    make_folder(root)
    put_rule(root, "segments", "one", RULE, cases=cases)
    book = load_rules(root)
    return leaf_coverage((case for case in read_cases(book, root)[0] if isinstance(case, FactCase)), book, root)


def test_each_operator_of_each_fact_is_a_leaf_with_its_line(tmp_path: Path) -> None:
    found = [(one.place.line, one.text) for one in covered(tmp_path)]
    assert found == [
        (6, "age: {at_least: 18}"),
        (6, "age: {less_than: 60}"),
        (8, "products: {contains_any: [crbt]}"),
        (8, "products: {size: {at_least: 2}}"),
        (9, "arrears: true"),
        (10, "brand: gotone"),
    ]


def test_a_leaf_is_full_when_it_was_seen_true_and_false(tmp_path: Path) -> None:
    found = {one.text: (one.seen_true, one.seen_false, one.seen_unknown) for one in covered(tmp_path)}
    assert found["age: {at_least: 18}"] == (True, True, False)
    assert found["age: {less_than: 60}"] == (True, True, False)
    assert found["products: {contains_any: [crbt]}"] == (True, True, False)
    assert found["arrears: true"] == (False, True, True)
    assert found["brand: gotone"] == (True, False, True)
    assert share_of(covered(tmp_path)) == 10 / 12


def test_the_leaves_of_a_rule_say_together_what_the_rule_says() -> None:
    node = read_yaml_text(RULE, "rule.yaml", Findings())
    vocabulary = load_vocabulary()
    assert isinstance(node, Entries)
    when = node.get("when")
    assert when is not None
    whole = ConditionReader(vocabulary.vocabulary, Findings()).read(when)
    flat = str(whole)
    assert all(
        str(part) in flat
        for leaf in leaves_of(when, vocabulary.vocabulary)
        for part in (leaf.condition.parts if isinstance(leaf.condition, All) else (leaf.condition,))
    )


def load_vocabulary() -> RuleBook:
    import tempfile  # noqa: PLC0415 - the book needs a folder for as long as it is read

    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder), VOCABULARY)
        return load_rules(Path(folder))


def test_rules_about_contacts_are_covered_when_each_answer_was_given() -> None:
    place = Place("cases.yaml", 1, 1)

    def result(kind: str, rule: str, *seen: str) -> CaseResult:
        return CaseResult(rule, "title", "executor", ok=True, message="", place=place, kind=kind, seen=seen)

    results = [
        result("contact_policy", "cap", "permit", "suppress"),
        result("contact_policy", "list", "permit"),
        result("conflicts", "one", "effect"),
        result("conflicts", "one", "no effect"),
        result("segments", "s", "true"),
    ]
    found = {one.rule_id: (one.seen_true, one.seen_false) for one in answer_coverage(results, Path("rules"))}
    assert found == {"cap": (True, True), "list": (False, True), "one": (True, True)}


def test_nothing_to_see_is_all_seen() -> None:
    assert share_of([]) == 1


def test_the_tests_on_events_are_covered_by_the_events_of_the_cases(tmp_path: Path) -> None:
    events = (
        "events:\n  top_up: {owner: customer_view, zh: 充值, en: top up,"
        " attributes: {amount: {type: money, zh: 额, en: sum}}}\n"
    )
    make_folder(tmp_path, VOCABULARY.split("events:")[0] + events)
    body = "kind: count\nevent: top_up\nwhere:\n  amount: {at_least: 50}\nat_least: 1\nwithin: 1d\n"
    case = (
        "- {{title: {0}, at: 2026-03-02T10:00:00+08:00, expect: {1},"
        " events: [{{event: top_up, at: 2026-03-02T09:00:00+08:00, attributes: {{amount: {0}}}}}]}}\n"
    )
    seen = []
    for cases in (case.format(50, "true"), case.format(50, "true") + case.format(49, "false")):
        put_rule(tmp_path, "triggers", "one", body, cases=cases)
        book = load_rules(tmp_path)
        triggers = [one for one in read_cases(book, tmp_path)[1] if isinstance(one, TriggerCase)]
        (leaf,) = event_coverage(triggers, book, tmp_path)
        assert (leaf.text, leaf.place.line) == ("top_up.amount: {at_least: 50}", 7)
        seen.append((leaf.seen_true, leaf.seen_false))
    assert seen == [(True, False), (True, True)]
