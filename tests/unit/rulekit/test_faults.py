"""Every mistake in a rule file has a code, a place and, where there is one, a way out; all are told at once."""

from pathlib import Path

import pytest

from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.conditions import read_condition
from tests.unit.rulekit.rule_folders import faults_of, make_book, make_folder, only, put_rule


def test_a_mistake_is_told_with_its_line_its_column_and_the_nearest_name(tmp_path: Path) -> None:
    make_folder(tmp_path)
    path = put_rule(tmp_path, "segments", "silent", "when:\n  all:\n    - aged: {at_least: 18}\n")
    fault = only(faults_of(tmp_path))
    assert (fault.path, fault.line, fault.column) == (str(path), 6, 7)
    assert (fault.code, fault.suggestion) == ("unknown_fact", "age")
    assert str(fault) == f"{path}:6:7: unknown_fact: there is no fact 'aged' (did you mean 'age'?)"


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {aged: 1, brand: gotown}\n")
    put_rule(tmp_path, "eligibility", "two", "level: maybe\nwhen: {age: {at_leest: 1}}\n", cases=None)
    put_rule(tmp_path, "conflicts", "three", "kind: exclusive\nmembers: {category: [crbt]}\n")
    codes = [(Path(fault.path).parent.name, fault.code) for fault in faults_of(tmp_path)]
    assert codes == [
        ("three", "empty_members"),
        ("three", "unknown_key"),
        ("two", "no_cases"),
        ("two", "unknown_word"),
        ("two", "unknown_operator"),
        ("one", "unknown_fact"),
        ("one", "unknown_value"),
    ]


CONDITIONS = {
    "aged: 1": ("unknown_fact", "age"),
    "age: {at_leest: 1}": ("unknown_operator", "at_least"),
    "age: {contains_any: [1]}": ("unknown_operator", None),
    "arrears: {at_least: true}": ("unknown_operator", None),
    "age: 18.5": ("too_precise", None),
    "age: old": ("bad_number", None),
    "age: 1.0e+3": ("bad_number", None),
    "age: .inf": ("bad_number", None),
    "age: 0x10": ("bad_number", None),
    "age: 1000000000001": ("too_large", None),
    "used: 100000001": ("too_large", None),
    "used: 0.00001": ("too_precise", None),
    "spend: 9.999": ("too_precise", None),
    "spend: 10000000000.01": ("too_large", None),
    "arrears: 1": ("wrong_type", None),
    "arrears: yes": ("wrong_type", None),
    "arrears: 'true'": ("wrong_type", None),
    "joined: 2026-02-30": ("bad_date", None),
    "joined: 20260301": ("bad_date", None),
    "joined: {older_than: 12h}": ("bad_span", None),
    "joined: {within: thirty}": ("bad_span", None),
    "brand: gotown": ("unknown_value", "gotone"),
    "handset: 8848": ("wrong_type", None),
    'handset: "a\\tb"': ("bad_text", None),
    f"handset: {'长' * 334}": ("bad_text", None),
    "products: crbt": ("wrong_shape", None),
    "products: {contains_any: [crbt, tone]}": ("unknown_value", None),
    "products: {contains_any: []}": ("empty_list", None),
    "products: {contains_any: crbt}": ("wrong_shape", None),
    "products: {size: {older_than: 2}}": ("unknown_operator", "more_than"),
    "products: {size: many}": ("bad_number", None),
    "products: {size: {}}": ("empty_group", None),
    "products: {size: {between: [3, 1]}}": ("empty_span", None),
    "products: {size: {between: 3}}": ("wrong_shape", None),
    "segment: [one, two]": ("wrong_shape", None),
    "age: {one_of: []}": ("empty_list", None),
    "age: {is_known: 1}": ("wrong_type", None),
    "age: {between: [1]}": ("wrong_shape", None),
    "age: {between: [2, 1]}": ("empty_span", None),
    "age: {more_than: [1]}": ("wrong_shape", None),
    "age: [1, 2]": ("wrong_shape", None),
    "age: {}": ("empty_group", None),
    "age: ~": ("wrong_type", None),
    "used: {more_than: {fact: age}}": ("different_types", None),
    "brand: {equals: {fact: handset}}": ("different_types", None),
    "joined: {before: {fact: renewed, times: 2}}": ("different_types", None),
    "used: {more_than: {fact: quoter}}": ("unknown_fact", "quota"),
    "used: {more_than: {fact: quota, times: 0.00001}}": ("too_precise", None),
    "used: {more_than: {fact: quota, times: 101}}": ("too_large", None),
    "used: {more_than: {fact: quota, times: 0}}": ("too_large", None),
    "used: {more_than: {fact: quota, time: 2}}": ("unknown_key", "times"),
    "used: {more_than: {times: 2}}": ("missing_key", None),
    "all: []": ("empty_group", None),
    "any: {age: 1}": ("wrong_shape", None),
    "not: [{age: 1}]": ("wrong_shape", None),
    "segment: nobody": ("unknown_segment", None),
    "segment: NoBody": ("bad_id", None),
}


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS.items())
def test_a_condition_that_cannot_be_used_is_refused(
    tmp_path: Path, condition: str, expected: tuple[str, str | None]
) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", f"when:\n  {condition}\n")
    first = faults_of(tmp_path)[0]
    assert (first.code, first.suggestion) == expected
    assert first.line == 5


def test_a_condition_is_not_nested_without_end(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: " + "{not: " * 14 + "{age: 1}" + "}" * 14 + "\n")
    assert only(faults_of(tmp_path)).code == "nested_too_deep"


def test_a_list_is_not_a_table(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", f"when: {{age: {{one_of: {list(range(501))}}}}}\n")
    assert only(faults_of(tmp_path)).code == "too_many_values"


RULES = {
    ("segments", "when: {age: 1}\nwhen: {age: 2}\n"): "duplicate_key",
    ("segments", "when: {age: 1, age: 2}\n"): "duplicate_key",
    ("segments", "wenn: {age: 1}\nwhen: {age: 1}\n"): "unknown_key",
    ("segments", ""): "missing_key",
    ("segments", "when: {age: 1}\norder: 1\n"): "missing_key",
    ("segments", "when: {age: 1}\nclassifies: stage\norder: -1\n"): "bad_number",
    ("segments", "when: {age: 1}\nvalid_for: {from: soon}\n"): "bad_date",
    ("segments", "when: {age: 1}\nvalid_for: {from: 2026-02-01, to: 2026-01-31}\n"): "empty_span",
    ("segments", "when: &a {age: 1}\nvalid_for: *a\n"): "alias",
    ("segments", "when: !!python/object:os.system {age: 1}\n"): "tag",
    ("segments", "when: {age: 1\n"): "syntax",
    ("segments", "when: {age: 1}\n---\nwhen: {age: 2}\n"): "syntax",
    ("segments", "when: {? [1, 2] : 3, age: 1}\n"): "wrong_shape",
    ("segments", "when: {segment: one}\n"): "segment_cycle",
    ("eligibility", "level: perhaps\nwhen: {age: 1}\n"): "unknown_word",
    ("conflicts", "members: {categories: [crbt]}\n"): "missing_key",
    ("conflicts", "kind: exclusiv\nmembers: {categories: [crbt]}\n"): "unknown_word",
    ("conflicts", "kind: exclusive\nmembers: {}\n"): "empty_members",
    ("conflicts", "kind: requires\noffering: box\nproducts: [crpt]\n"): "unknown_product",
    ("conflicts", "kind: requires\noffering: box\nproducts: []\n"): "empty_list",
    ("conflicts", "kind: not_within\nsame: campaign\nspan: 14\n"): "bad_span",
    ("contact_policy", "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {}\n"): "wrong_shape",
    ("contact_policy", "kind: frequency_cap\nper: customer\nlimit: some\nwindow: {calendar: day}\n"): "bad_number",
    ("contact_policy", "kind: spacing\nper: subscriber\nat_least: 24h\n"): "unknown_word",
    ("contact_policy", "kind: spacing\nper: customer\nat_least: 24h\napplies_to: {channels: [smsc]}\n"): "unknown_word",
    ("contact_policy", "kind: quiet_hours\n"): "no_hours",
    ("contact_policy", 'kind: quiet_hours\nweekly: [{days: [mon], from: "9 pm", to: "09:00"}]\n'): "bad_time",
    ("contact_policy", 'kind: quiet_hours\nweekly: [{days: [], from: "21:00", to: "09:00"}]\n'): "empty_list",
    ("contact_policy", "kind: cooling_off\nafter: []\nsame: any\nspan: 30d\n"): "empty_list",
    ("contact_policy", "kind: list_effect\nlist: pink\n"): "unknown_word",
    ("contact_policy", "kind: list_effect\nlist: red\noverride: boss\n"): "unknown_word",
    ("contact_policy", "kind: list_effect\nlist: red\noverride: [two_persons]\n"): "wrong_shape",
    ("contact_policy", "kind: no_repeat\nspan: 14d\nof: campaign\n"): "unknown_word",
    ("contact_policy", "kind: no_repeat\nspan: 14d\nsame: offering\n"): "unknown_key",
    ("contact_policy", "kind: capacity\nlimit: 1\nwindow: {calendar: week}\nzone: Asia/Shanghai\n"): "unknown_word",
    ("contact_policy", "kind: capacity\nlimit: 1\nwindow: {calendar: day}\nzone: Asia/Fuzhou\n"): "unknown_zone",
    ("contact_policy", "kind: capacity\nlimit: 1\nwindow: {calendar: day}\nzone: localtime\n"): "unknown_zone",
}  # fmt: skip


@pytest.mark.parametrize(("rule", "code"), RULES.items())
def test_a_rule_that_cannot_be_used_is_refused(tmp_path: Path, rule: tuple[str, str], code: str) -> None:
    make_folder(tmp_path)
    kind, body = rule
    put_rule(tmp_path, kind, "one", body)
    assert code in {fault.code for fault in faults_of(tmp_path)}


HEADS = {
    'id: other\nowner: tests\nbecause: {zh: "因", en: "b"}\n': "id_mismatch",
    'id: one\nbecause: {zh: "因", en: "b"}\n': "missing_key",
    'id: one\nowner: ""\nbecause: {zh: "因", en: "b"}\n': "wrong_shape",
    'id: one\nowner: tests\nbecause: {zh: "因"}\n': "missing_key",
    "id: one\nowner: tests\nbecause: so\n": "wrong_shape",
    'id: one\nowner: tests\nbecause: {zh: "{aged}", en: "b"}\n': "unknown_fact",
    'id: one\nowner: tests\nbecause: {zh: "{age", en: "b"}\n': "bad_placeholder",
    'id: one\nowner: tests\nbecause: {zh: "{age.real}", en: "b"}\n': "bad_placeholder",
    'id: one\nowner: tests\nbecause: {zh: "{}", en: "b"}\n': "bad_placeholder",
}


@pytest.mark.parametrize(("head", "code"), HEADS.items())
def test_what_every_rule_has_is_checked(tmp_path: Path, head: str, code: str) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n", head=head)
    assert code in {fault.code for fault in faults_of(tmp_path)}


def test_a_rule_without_cases_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n", cases=None)
    assert only(faults_of(tmp_path)).code == "no_cases"


def test_two_segments_cannot_stand_at_one_place_of_a_classification(tmp_path: Path) -> None:
    body = "classifies: stage\norder: 1\nwhen: {age: 1}\n"
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", body)
    put_rule(tmp_path, "segments", "two", body)
    fault = only(faults_of(tmp_path))
    assert (fault.code, Path(fault.path).parent.name) == ("duplicate_order", "two")


def test_segments_that_need_one_another_are_refused(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {segment: two}\n")
    put_rule(tmp_path, "segments", "two", "when: {not: {segment: one}}\n")
    told = [(fault.code, fault.line, fault.column) for fault in faults_of(tmp_path)]
    assert told == [("segment_cycle", 4, 17), ("segment_cycle", 4, 23)]


def test_a_segment_cannot_lean_on_one_that_it_shuts_out(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "classifies: stage\norder: 1\nwhen: {segment: two}\n")
    put_rule(tmp_path, "segments", "two", "classifies: stage\norder: 2\nwhen: {age: 1}\n")
    assert {fault.code for fault in faults_of(tmp_path)} == {"segment_cycle"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), silent="when: {age: 1}\n")


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({"all": [{"age": 1}, {"aged": 1}]}, "rule.all.1.aged", "unknown_fact"),
        ({"spend": {"at_least": 9.999}}, "rule.spend.at_least", "too_precise"),
        ({"age": float("nan")}, "rule.age", "bad_number"),
        ({"used": 1e-05}, "rule.used", "bad_number"),
        ({"age": None}, "rule.age", "wrong_type"),
        ({"segment": "silnt"}, "rule.segment", "unknown_segment"),
        ({}, "rule", "empty_group"),
        ({"age": object()}, "rule", "wrong_shape"),
    ],
)
def test_an_inline_condition_names_the_way_to_its_mistake(
    book: RuleBook, rule: dict[str, object], path: str, code: str
) -> None:
    with pytest.raises(RuleFaults) as caught:
        read_condition(rule, book.vocabulary, segments=book.segments)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]


def test_an_inline_condition_that_never_ends_is_a_fault(book: RuleBook) -> None:
    rule: dict[str, object] = {"age": 1}
    for _ in range(2000):
        rule = {"not": rule}
    with pytest.raises(RuleFaults):
        read_condition(rule, book.vocabulary)
