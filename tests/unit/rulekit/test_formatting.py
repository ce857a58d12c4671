"""The canonical form of rule files: one text for one meaning, comments kept."""

import json
import string
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.rulekit.faults import Findings, RuleFaults
from shared.rulekit.formatting import format_rule_file
from shared.rulekit.reading.tree import version_of
from shared.rulekit.reading.yaml_tree import read_yaml_text

RULES = Path(__file__).parents[3] / "rules"

WRITTEN = """\
# About the whole rule.
when: {any: [{age: {at_least: 18}}, {products: {is_known: false}}]}   # why
because: {en: 'a "reason"', zh: 因为}

owner: tests
# the id
id: "one"
"""
CANONICAL = """\
# the id
id: one
owner: tests
because: {zh: "因为", en: "a \\"reason\\""}
# About the whole rule.
when:  # why
  any:
    - age: {at_least: 18}
    - products: {is_known: false}
"""


def version(text: str) -> str:
    node = read_yaml_text(text, "rule.yaml", Findings())
    assert node is not None
    return version_of(node)


def test_keys_are_ordered_conditions_stand_one_a_line_and_comments_stay_with_their_entry() -> None:
    formatted = format_rule_file(WRITTEN, "rule.yaml")
    lines = formatted.splitlines()
    assert lines[0] == "# About the whole rule."  # what introduces a file stays on top
    assert [line for line in lines if not line.startswith("# A")] == [
        line for line in CANONICAL.splitlines() if not line.startswith("# A")
    ]
    assert version(formatted) == version(WRITTEN)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("- title:   'a'\n  facts: { b : 1 }\n", "- title: a\n  facts: {b: 1}\n"),
        ("- {expect: true, title: a, facts: {}}\n", "- title: a\n  facts: {}\n  expect: true\n"),
        ("- title: a  # beside\n", "- title: a  # beside\n"),
        ("# 1\n- title: a\n# 2\n- title: b\n# 3\n", "# 1\n- title: a\n# 2\n- title: b\n# 3\n"),
        ("# 1\n- expect: true  # 2\n  title: a\n", "# 1\n- title: a\n  expect: true  # 2\n"),
        ("# 1\n- {list: red}  # 2\n", "# 1\n- list: red  # 2\n"),
        ("a:\n- # 1\n  {b: 1,\n  c: 2} # 2\n", "a:  # 1\n  - b: 1\n    c: 2  # 2\n"),
        ("id: a\nweekly:\n- to: 9\n  days: [mon,\n   tue]\n", "id: a\nweekly:\n  - {days: [mon, tue], to: 9}\n"),
        ('id: a\nzone: "09:00"\n', 'id: a\nzone: "09:00"\n'),
        ("id: a\nowner: 'yes'\n", 'id: a\nowner: "yes"\n'),
        ("id: a\nowner: '12'\n", 'id: a\nowner: "12"\n'),
        ("id: a\nowner: 'a: b'\n", 'id: a\nowner: "a: b"\n'),
        ("id: a\nowner: 'a, b'\n", "id: a\nowner: a, b\n"),
        ("span: 7d\nwhen:\n  x: [1,\n\n   # 1\n   2]\n", "span: 7d\nwhen:\n  x:\n    - 1\n    # 1\n    - 2\n"),
        ("id: a\nwhen: {not: {all: [{b: 1, c: 2}]}}\n", "id: a\nwhen:\n  not:\n    all:\n      - b: 1\n        c: 2\n"),
        ("because:\n  zh: |\n    多\n    行\n  en: >-\n    a\n    b\n", 'because: {zh: "多\\n行\\n", en: "a b"}\n'),
    ],
)  # fmt: skip
def test_one_text_for_one_meaning(written: str, canonical: str) -> None:
    assert format_rule_file(written, "rule.yaml") == canonical
    assert format_rule_file(canonical, "rule.yaml") == canonical


def test_long_lists_are_wrapped_and_long_mappings_written_out() -> None:
    dates = ", ".join(f"2026-01-{day:02d}" for day in range(1, 29))
    formatted = format_rule_file(f"holidays: {{to: '10:00', dates: [{dates}], from: '20:00'}}\n", "rule.yaml")
    assert max(len(line) for line in formatted.splitlines()) <= 120
    assert formatted.splitlines()[:2] == ["holidays:", "  dates:"]
    assert format_rule_file(formatted, "rule.yaml") == formatted


@pytest.mark.parametrize("text", ["", "a: [", "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: !!python/name:os.system 1\n"])
def test_a_text_that_is_no_rule_file_is_refused(text: str) -> None:
    with pytest.raises(RuleFaults):
        format_rule_file(text, "rule.yaml")


WORDS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12),
    st.text(string.printable.replace("\x0b", "").replace("\x0c", ""), max_size=12),
    st.sampled_from(["yes", "null", "~", "1e3", "0x1f", "- a", "a #b", "#", "=", "<<", "?", "a:", "\u2028"]),
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "owner", "when", "all", "any", "zh", "en", "facts", "because", "steps", "window", "x y", "on"]
)
TREES = st.recursive(
    st.one_of(WORDS, st.integers(), st.booleans(), st.none()),
    lambda part: st.one_of(st.lists(part, max_size=4), st.dictionaries(KEYS, part, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=5) | st.lists(TREES, min_size=1, max_size=4))
@example({"id": [":0", "?0", "-0"]})
@settings(max_examples=150, deadline=None)
def test_no_text_changes_its_version_and_formatting_twice_is_formatting_once(tree: object) -> None:
    text, findings = json.dumps(tree, ensure_ascii=False), Findings()  # JSON is YAML
    read_yaml_text(text, "cases.yaml", findings)
    assume(not findings.faults)
    formatted = format_rule_file(text, "cases.yaml")
    assert version(formatted) == version(text)
    assert format_rule_file(formatted, "cases.yaml") == formatted


@pytest.mark.parametrize("path", sorted(RULES.glob("*/*/rule.yaml")) + sorted(RULES.glob("*/*/cases.yaml")), ids=str)
def test_no_comment_of_the_repository_is_lost(path: Path) -> None:
    text = path.read_text("utf-8").replace("\n", "\n\n")  # however it was laid out
    formatted = format_rule_file(text, str(path))
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            assert line.strip() in formatted
