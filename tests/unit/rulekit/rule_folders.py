"""Rule folders for tests: a small vocabulary with one fact of every type, and rules written where a test needs them."""

from datetime import date
from pathlib import Path

import pytest

from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

ON = date(2026, 3, 2)

VOCABULARY = """
facts:
  age: {type: integer, owner: customer_view, column: age, zh: 年龄, en: Age}
  tenure: {type: integer, owner: customer_view, column: tenure, zh: 网龄, en: Tenure}
  used: {type: number, owner: customer_view, column: used, zh: 流量, en: Data used}
  quota: {type: number, owner: customer_view, column: quota, zh: 额度, en: Quota}
  spend: {type: money, owner: customer_view, column: spend_fen, zh: 消费, en: Spend}
  average: {type: money, owner: customer_view, column: average_fen, zh: 平均消费, en: Average spend}
  arrears: {type: boolean, owner: customer_view, column: arrears, zh: 欠费, en: In arrears}
  handset: {type: text, owner: customer_view, column: handset, zh: 终端, en: Handset}
  brand:
    {type: enum, owner: customer_view, column: brand, zh: 品牌, en: Brand, values: {gotone: 全球通, mzone: 动感地带}}
  products:
    {type: set, owner: customer_view, column: products, zh: 产品, en: Products,
     values: {crbt: 彩铃, crbt_box: {zh: 音乐盒, en: music box}, mms: 彩信包}}
  joined: {type: date, owner: customer_view, column: joined, zh: 入网, en: Joined}
  renewed: {type: date, owner: customer_view, column: renewed, zh: 续约, en: Renewed}
events:
  passed:
    {owner: customer_view, zh: 超过, en: Passed, attributes: {percent: {type: integer, zh: 比例, en: Percent}}}
  paid:
    owner: customer_view
    zh: 缴费
    en: Paid
    attributes:
      amount: {type: money, unit: yuan, zh: 金额, en: Amount}
      way: {type: enum, zh: 方式, en: Way, values: {cash: 现金, card: 银行卡}}
  downloaded: {owner: customer_view, zh: 下载, en: Downloaded}
"""

HEAD = 'id: {id}\nowner: tests\nbecause: {{zh: "因为", en: "because"}}\n'


def make_folder(root: Path, vocabulary: str = VOCABULARY) -> Path:
    """Make a folder of rules that holds a vocabulary and nothing else."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "vocabulary.yaml").write_text(vocabulary, encoding="utf-8")
    return root


def put_rule(root: Path, kind: str, name: str, body: str, cases: str | None = "[]", head: str | None = None) -> Path:
    """Write one rule; `head` replaces id, owner and because."""
    folder = root / kind / name
    folder.mkdir(parents=True, exist_ok=True)
    start = HEAD.format(id=name) if head is None else head
    (folder / "rule.yaml").write_text(start + body, encoding="utf-8")
    if cases is not None:
        (folder / "cases.yaml").write_text(cases, encoding="utf-8")
    return folder / "rule.yaml"


def make_book(root: Path, **segments: str) -> RuleBook:
    """Load a book whose segments have these bodies (underscores in names become hyphens)."""
    make_folder(root)
    for name, body in segments.items():
        put_rule(root, "segments", name.replace("_", "-"), body)
    return load_rules(root)


def faults_of(root: Path) -> tuple[RuleFault, ...]:
    """Return every mistake of a folder that must have some."""
    with pytest.raises(RuleFaults) as caught:
        load_rules(root)
    return caught.value.faults


def only(faults: tuple[RuleFault, ...]) -> RuleFault:
    """Return the one mistake there must be."""
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]
