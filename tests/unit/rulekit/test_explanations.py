"""The words of an explanation, in both languages."""

from pathlib import Path

import pytest

from shared.kernel.text import Text
from shared.rulekit.facts import Facts
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reference import explain
from tests.unit.rulekit.rule_folders import make_folder, put_rule


def explained(root: Path, zh: str, en: str, facts: Facts) -> Text:
    make_folder(root)
    head = f'id: one\nowner: tests\nbecause: {{zh: "{zh}", en: "{en}"}}\n'
    put_rule(root, "segments", "one", "when: {age: {is_known: true}}\n", head=head)
    book = load_rules(root)
    return explain(book.segments["one"], facts, book=book)


def test_places_are_filled_with_the_subscribers_values(tmp_path: Path) -> None:
    text = explained(tmp_path, "年龄{age}，消费{spend}元", "age {age}, spends {spend} yuan", {"age": 61, "spend": 4950})
    assert text == Text("年龄61，消费49.50元", "age 61, spends 49.50 yuan")


@pytest.mark.parametrize(
    ("fact", "value", "zh", "en"),
    [
        ("age", None, "未知", "unknown"),
        ("arrears", True, "是", "yes"),
        ("arrears", False, "否", "no"),
        ("brand", "gotone", "全球通", "gotone"),
        ("products", ["mms", "crbt_box"], "音乐盒、彩信包", "music box, mms"),
        ("products", [], "无", "none"),
        ("spend", 5000, "50", "50"),
        ("spend", -5, "-0.05", "-0.05"),
        ("used", 0.6, "0.6", "0.6"),
        ("used", 3.0, "3", "3"),
        ("used", 100.0, "100", "100"),
        ("handset", "N{73}", "N{73}", "N{73}"),
        ("joined", "2026-03-02", "2026-03-02", "2026-03-02"),
    ],
)
def test_a_value_is_said_with_its_label(tmp_path: Path, fact: str, value: object, zh: str, en: str) -> None:
    facts: Facts = {fact: value}  # type: ignore[dict-item]  # the table holds values of every type
    assert explained(tmp_path, f"是{{{fact}}}", f"is {{{fact}}}", facts) == Text(f"是{zh}", f"is {en}")
