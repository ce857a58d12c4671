"""What the validators must not say: rules that look alike and are not, and what only holds for a while."""

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.workbench.rule_check.checks import check_rules
from tests.unit.rulekit.rule_folders import HEAD, ON, make_folder

CASES = {
    "segments": "- {title: nothing is known, facts: {}, expect: unknown}\n",
    "contact_policy": "- title: one\n  request: {at: 2026-03-02T10:00:00+08:00}\n  expect: permit\n",
    "conflicts": "- title: none\n  candidates: []\n  expect: []\n",
    "ranking": (
        "- title: ones\n  offer: {category: a, campaign: b, offering: c, value: 1, propensity: 1, priority: 1}\n"
        "  expect: 100\n"
    ),
}
BOUNDS = "propensity: {at_least: 0, at_most: 1, otherwise: 0.1}\npriority: {at_least: 1, at_most: 100}\n"
FOR_A_WHILE = "valid_for: {from: 2026-01-01, to: 2026-06-30}\n"
MARKETING = "applies_to: {purposes: [marketing]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = make_folder(tmp_path / "rules")
    put(root, "ranking", "all", "order: 9\nvalue: {at_least: 0, at_most: 1000}\n" + BOUNDS)
    return root


def put(root: Path, kind: str, name: str, body: str) -> None:
    (root / kind / name).mkdir(parents=True)
    (root / kind / name / "rule.yaml").write_text(HEAD.format(id=name) + body, "utf-8")
    (root / kind / name / "cases.yaml").write_text(CASES.get(kind, CASES["segments"]), "utf-8")


def codes(root: Path, on: date = ON, *, notes: bool = False) -> Counter[str]:
    report = check_rules(root, on).at_least("note" if notes else "warning")
    return Counter(one.code for one in report.findings)


def cap(limit: int, window: str, extra: str = "", per: str = "customer") -> str:
    return f"kind: frequency_cap\nper: {per}\nlimit: {limit}\nwindow: {window}\n{extra}"


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        pytest.param(cap(3, "{rolling: 7d}"), cap(4, "{calendar: month}"), id="more in a longer time"),
        pytest.param(cap(3, "{rolling: 30d}", MARKETING), cap(3, "{rolling: 7d}"), id="a narrower scope"),
        pytest.param(cap(3, "{rolling: 30d}", FOR_A_WHILE), cap(3, "{rolling: 7d}"), id="only for a while"),
        pytest.param(cap(2, "{rolling: 30d}", per="customer_category"), cap(3, "{rolling: 7d}"), id="by category"),
        pytest.param(cap(1, "{calendar: day}"), cap(2, "{rolling: 2d}"), id="a day is no stretch of 24 hours"),
    ],
)
def test_caps_that_both_bind_at_times_are_left_alone(folder: Path, strict: str, loose: str) -> None:
    put(folder, "contact_policy", "strict", strict)
    put(folder, "contact_policy", "loose", loose)
    assert not codes(folder)


def test_the_same_cap_is_told_once_it_is_in_force_as_long(folder: Path) -> None:
    put(folder, "contact_policy", "strict", cap(3, "{rolling: 30d}"))
    put(folder, "contact_policy", "loose", cap(3, "{rolling: 7d}", FOR_A_WHILE))
    assert codes(folder) == {"cap_never_binds": 1}


def test_a_segment_in_force_for_a_while_hides_only_one_in_force_no_longer(folder: Path) -> None:
    put(folder, "segments", "first", "classifies: age\norder: 1\nwhen: {age: {less_than: 30}}\n" + FOR_A_WHILE)
    put(folder, "segments", "second", "classifies: age\norder: 2\nwhen: {age: {less_than: 20}}\n")
    put(folder, "segments", "third", "classifies: age\norder: 3\nwhen: {age: {less_than: 10}}\n" + FOR_A_WHILE)
    assert codes(folder) == {"shadowed_segment": 1}


def test_what_refers_to_a_segment_in_force_for_a_while_is_not_taken_for_never_or_always_true(folder: Path) -> None:
    put(folder, "segments", "adults", "when: {age: {at_least: 18}}\n" + FOR_A_WHILE)
    put(folder, "segments", "left-out", "when: {age: {at_least: 18}, not: {segment: adults}}\n")
    put(folder, "segments", "everybody", "when: {any: [{segment: adults}, {not: {age: {at_least: 18}}}]}\n")
    assert not codes(folder)


def test_a_freeze_for_a_while_is_not_taken_for_a_mistake(folder: Path) -> None:
    put(folder, "contact_policy", "freeze", cap(0, "{rolling: 1d}", FOR_A_WHILE))
    every_day = "{days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '00:00'}"
    put(folder, "contact_policy", "silence", f"kind: quiet_hours\nweekly:\n  - {every_day}\n" + FOR_A_WHILE)
    assert not codes(folder)


def test_quiet_hours_that_meet_without_overlapping_are_left_alone(folder: Path) -> None:
    weekdays = "{days: [mon, tue, wed, thu, fri], from: '21:00', to: '09:00'}"
    weekend = "{days: [sat, sun], from: '20:00', to: '10:00'}"
    saturday = "{days: [sat], from: '09:00', to: '10:00'}"
    put(folder, "contact_policy", "quiet", f"kind: quiet_hours\nweekly: [{weekdays}, {weekend}, {saturday}]\n")
    assert not codes(folder)


def test_time_passing_makes_notes_and_nothing_more(folder: Path) -> None:
    put(folder, "segments", "spring", "when: {age: 3}\n" + FOR_A_WHILE)
    holidays = "holidays: {dates: [2026-04-05], from: '20:00', to: '10:00'}\n"
    put(folder, "contact_policy", "holidays", "kind: quiet_hours\n" + holidays)
    before, after = date(2025, 12, 31), date(2026, 7, 1)
    assert codes(folder, before, notes=True)["not_yet_valid"] == 1
    assert codes(folder, after, notes=True) >= Counter({"expired_rule": 1, "past_holidays": 1})
    assert codes(folder, after - timedelta(days=90), notes=True)["past_holidays"] == 0
    assert not codes(folder, after)
    assert not codes(folder, before)


def test_a_ranking_by_members_is_hidden_by_one_that_covers_them_and_not_by_others(folder: Path) -> None:
    first = "order: 1\nranks: {categories: [music]}\nvalue: {at_least: 0, at_most: 9}\n" + BOUNDS
    other = "order: 2\nranks: {categories: [video]}\nvalue: {at_least: 0, at_most: 9}\n" + BOUNDS
    put(folder, "ranking", "music", first)
    put(folder, "ranking", "video", other)
    assert not codes(folder)
    put(folder, "ranking", "music-again", first.replace("order: 1", "order: 3"))
    assert sum(codes(folder).values()) == 1


def test_a_folder_without_catalogue_and_campaigns_is_not_told_what_they_would_use(folder: Path) -> None:
    put(folder, "segments", "young", "when: {age: {less_than: 26}}\n")
    put(folder, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 18}}\n")
    assert not codes(folder)
    shutil.rmtree(folder / "ranking")
    assert not codes(folder)


@pytest.mark.parametrize("group", ["any", "all"])
def test_a_condition_too_large_to_analyse_is_said_to_be_so_and_costs_the_other_rules_nothing(
    folder: Path, group: str
) -> None:
    parts = "".join(f"    - {{age: {{at_least: {n}}}, tenure: {{at_most: {n}}}}}\n" for n in range(1_500))
    put(folder, "segments", "aaa-huge", f"when:\n  {group}:\n{parts}")
    put(folder, "segments", "zzz-wrong", "when: {age: {at_least: 30, less_than: 18}}\n")
    assert codes(folder, notes=True) >= Counter({"not_analysed": 1, "never_true": 1})


def put_offerings(root: Path, **products: str) -> None:
    text = "".join(
        f"- {{offering_id: {name}, name_zh: 铃, name_en: Tone, product_class: revenue, category: music,"
        f" products: [{product}], eligibility: [adult]}}\n"
        for name, product in products.items()
    )
    (root / "catalogue").mkdir()
    (root / "catalogue" / "offerings.yaml").write_text(text, "utf-8")
    put(root, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 18}}\n")


def test_offers_that_require_what_the_other_gives_have_no_beginning(folder: Path) -> None:
    put_offerings(folder, tone="crbt", box="crbt_box")
    put(folder, "conflicts", "tone-needs-box", "kind: requires\noffering: tone\nproducts: [crbt_box]\n")
    assert not codes(folder)
    put(folder, "conflicts", "box-needs-tone", "kind: requires\noffering: box\nproducts: [crbt]\n")
    assert codes(folder) == {"requires_cycle": 2}


def test_what_can_only_follow_later_is_a_note(folder: Path) -> None:
    put_offerings(folder, tone="crbt", box="crbt_box")
    put(folder, "conflicts", "box-needs-tone", "kind: requires\noffering: box\nproducts: [crbt]\n")
    put(folder, "conflicts", "one-of-music", "kind: exclusive\nmembers: {categories: [music]}\n")
    assert codes(folder, notes=True)["requires_exclusive"] == 1
    assert not codes(folder)


def test_two_capacities_for_the_same_hour_are_a_contradiction(folder: Path) -> None:
    for name, limit in (("one", 10), ("two", 20)):
        body = f"kind: capacity\nlimit: {limit}\nwindow: {{calendar: hour}}\nzone: Asia/Shanghai\n"
        put(folder, "contact_policy", name, body)
    assert codes(folder) == {"contradictory_caps": 1}
