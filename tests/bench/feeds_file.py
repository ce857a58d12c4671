"""A monthly file of BOSS as benchmarks load it: a generated province, headed and worded as an operator would."""

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from services.workbench import province
from shared.contracts.customer_view import CustomerRecord, FactValue

_SEED = 7
_GENDERS = {"male": "男", "female": "女"}
_PLAIN = {
    "网龄": "tenure_months",
    "激活日期": "activated_on",
    "敏感度": "price_sensitivity",
    "交往圈": "call_circle",
    "通话分钟": "voice_minutes",
    "漏接": "missed_calls",
    "短信": "sms_sent",
    "彩信": "mms_sent",
    "流量MB": "data_used_mb",
    "套餐MB": "data_quota_mb",
    "WAP天数": "wap_days",
    "理财次数": "finance_app_uses",
    "终端品牌": "handset_brand",
    "距下载天数": "crbt_days_since_download",
    "开通概率": "crbt_adoption_probability",
    "离网概率": "churn_probability",
    "影响力": "influence_index",
}
_MONEY = {"月消费": "monthly_spend", "月均消费": "average_spend", "余额": "balance"}
_TRUTHS = {"欠费": "in_arrears", "实名": "real_name_verified", "学生": "is_student", "彩铃": "crbt_subscribed"}
_WORDS = {"地市": "city", "品牌": "brand", "套餐": "plan", "系统": "handset_os", "人群": "crowd_type"}
HEADER = ("用户号码", "年龄", "性别", *_WORDS, *_PLAIN, *_MONEY, *_TRUTHS, "制式", "爱好", "备注")


def write_map(path: Path) -> Path:
    """Write the column map of the files."""
    lines = ["id: {column: 用户号码}", "as_of: 2026-03-01", "facts:"]
    lines += ["  age: {column: 年龄, between: [10, 110]}", "  gender: {column: 性别, values: {男: male, 女: female}}"]
    lines += [f"  {fact}: {{column: {name}}}" for names in (_WORDS, _PLAIN, _TRUTHS) for name, fact in names.items()]
    lines += [f"  {fact}: {{column: {name}, unit: yuan}}" for name, fact in _MONEY.items()]
    lines.append("  handset_capabilities: {collect: [{column: 制式, values: {5G: [lte, nr], 4G: [lte], 2G: []}}]}")
    lines.append("  tags: {collect: [{column: 爱好, values: {音乐: [likes_music], 其他: []}}]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_file(path: Path, subscribers: int, *, month: int = 0) -> Path:
    """Write a file; of another month the money and the minutes of everybody have changed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_rows(subscribers, month))
    return path


def _rows(subscribers: int, month: int) -> Iterator[list[object]]:
    for one in islice(province.subscribers(_SEED, subscribers), subscribers):
        yield _row(one, one.facts, month)


def _row(one: CustomerRecord, facts: Mapping[str, FactValue], month: int) -> list[object]:
    capabilities = facts.get("handset_capabilities")
    listed = capabilities if isinstance(capabilities, list) else []
    tags = facts.get("tags")
    return [
        one.customer_id,
        facts.get("age"),
        _GENDERS.get(str(facts.get("gender"))),
        *(facts.get(fact) for fact in _WORDS.values()),
        *(facts.get(fact) for fact in _PLAIN.values()),
        *(f"{_number(facts.get(fact)) / 100 + month:.2f}" for fact in _MONEY.values()),
        *(None if facts.get(fact) is None else "是" if facts.get(fact) else "否" for fact in _TRUTHS.values()),
        "5G" if "nr" in listed else "4G" if "lte" in listed else "2G",
        "音乐" if isinstance(tags, list) and "likes_music" in tags else "其他",
        "批量导出",
    ]


def _number(value: FactValue) -> float:
    return value if isinstance(value, (int, float)) else 0.0
