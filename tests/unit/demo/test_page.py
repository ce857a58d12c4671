"""`report.html`: one page by itself, whatever names are in it, the same for the same figures."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from services.workbench.report import charts
from services.workbench.report.page import write_page
from services.workbench.report.summary import STAGES, CheckResult, ImportSummary
from shared.contracts.campaigns import Story, StoryLine, SuppressionCount
from tests.unit.demo.pretending import NOON, a_cell, a_summary, an_evaluation

EVIL = "<script>alert(1)</script><img src=x onerror=y>\"'&"
_FETCHES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset", "background")


class Reader(HTMLParser):
    """Notes every tag, attribute and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder: Path, **changes: Any) -> str:
    path = folder / "report.html"
    write_page(path, a_summary(**changes))
    return path.read_text("utf-8")


def test_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    read = Reader(page)
    fetched = [(name, value) for name, value in read.attributes if name in _FETCHES and not value.startswith("#")]
    assert fetched == []
    assert not {"link", "iframe", "object", "embed", "base"} & set(read.tags)
    addresses = [value for name, value in read.attributes if "//" in value and not name.startswith("xmlns")]
    assert addresses == []
    assert not re.search(r"url\(\s*['\"]?(?!#)|@import|https?://", re.sub(r"xmlns(:\w+)?=\"[^\"]*\"", "", page))
    assert "script" not in read.tags


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(tmp_path) == page_of(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluations": [an_evaluation(name_zh=EVIL, name_en=EVIL)]},
        {"evaluations": [an_evaluation(refusal_reasons={EVIL: 1}, unknown_facts={EVIL: 2})]},
        {
            "evaluations": [
                an_evaluation(
                    suppressions=[SuppressionCount(stage="eligible", rule_id=EVIL, text=EVIL, customers=1)],
                )
            ]
        },
        {"intake": ImportSummary(EVIL, False, 1, 1, 1, (EVIL,))},
        {"checks": [CheckResult(EVIL, EVIL, 1, 0)]},
        {"contacts_by_day": {EVIL: {"2026-03-02": 1}}},
        {"story": Story(customer_id=EVIL, lines=[StoryLine(at=NOON, campaign_id=EVIL, zh=EVIL, en=EVIL)])},
        {"rule_set": EVIL},
    ],
)
def test_names_are_words_never_markup(tmp_path: Path, changes: dict[str, Any]) -> None:
    page = page_of(tmp_path, **changes)
    read = Reader(page)
    assert "<script" not in page
    assert "img" not in read.tags
    assert "onerror" not in dict(read.attributes)
    assert "alert(1)" in read.text


def test_every_campaign_with_all_its_stages_goals_and_reasons_is_there(tmp_path: Path) -> None:
    text = Reader(page_of(tmp_path)).text
    for word in ("活动a", "campaign b", "成功率", "不合适 / does not fit", "太贵 (2)", "age (3)", "福州", "12.34"):
        assert word in text
    for _, zh, en in STAGES:
        assert zh in text
        assert en in text
    assert "+10.0" in text
    assert "-10.0 … +30.0" in text
    assert "模拟 subscribers' answers are simulated" in text


def test_breaches_stand_out(tmp_path: Path) -> None:
    assert 'class="bad">3<' in page_of(tmp_path, checks=[CheckResult("承诺", "promise", 9, 3)])
    assert 'class="ok">0<' in page_of(tmp_path, checks=[CheckResult("承诺", "promise", 9, 0)])


def test_a_rehearsal_in_which_nothing_happened_still_has_a_page(tmp_path: Path) -> None:
    nothing = {"evaluations": [], "contacts_by_day": {}, "story": Story(customer_id="", lines=[]), "checks": []}
    assert "</html>" in page_of(tmp_path, **nothing)


def test_made_up_and_real_subscribers_are_labelled() -> None:
    assert "synthetic" in a_summary().label
    real = a_summary(intake=ImportSummary("file.csv", False, 1, 0, 0)).label
    assert "synthetic" not in real
    assert "real" in real
    assert "simulated" in real


def test_charts_are_the_same_for_the_same_figures() -> None:
    summary = a_summary()
    for draw in (charts.funnel_chart, charts.uplift_chart, charts.suppression_chart):
        assert draw(summary.evaluations) == draw(summary.evaluations)
        assert "<!--" not in draw(summary.evaluations)
    assert charts.daily_chart(summary) == charts.daily_chart(summary)


def test_charts_show_their_figures() -> None:
    assert ">20<" in charts.funnel_chart([an_evaluation()])
    cells = [a_cell(is_control=False, members=8, converted=3), a_cell(is_control=True, members=0, converted=0)]
    assert ">37.5<" in charts.uplift_chart([an_evaluation(cells=cells)])
    assert "03-04" in charts.daily_chart(a_summary())


def test_the_chart_of_reasons_shows_the_commonest_only() -> None:
    rows = [
        SuppressionCount(stage="eligible", rule_id=f"rule-{number}", text="x / y", customers=number)
        for number in range(1, 30)
    ]
    drawn = charts.suppression_chart([an_evaluation(suppressions=rows)], most=3)
    found = {int(number) for number in re.findall(r"rule-(\d+)", drawn)}
    assert found == {27, 28, 29}
