"""What a rule file says is what its value holds."""

from datetime import date, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shared.rulekit import model
from shared.rulekit.facts import facts_of
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import VOCABULARY, faults_of, make_book, make_folder, only, put_rule


def read_one(root: Path, kind: str, body: str) -> model.Rule:
    make_folder(root)
    put_rule(root, kind, "one", body)
    book = load_rules(root)
    found = {**book.segments, **book.eligibility, **book.conflicts, **book.contact_policies}
    return found["one"]


def test_a_condition_is_read_with_money_in_fen_and_exact_factors(tmp_path: Path) -> None:
    book = make_book(tmp_path)
    rule = {
        "spend": {"between": [49.9, 100]},
        "used": {"more_than": {"fact": "quota", "times": 0.8}},
        "brand": {"none_of": ["mzone", "mzone"]},
        "joined": {"older_than": "2w"},
    }
    assert read_condition(rule, book.vocabulary) == model.All(
        (
            model.All((model.Compare("spend", "at_least", 4990), model.Compare("spend", "at_most", 10000))),
            model.Compare("used", "more_than", model.OtherFact("quota", Fraction(4, 5))),
            model.Not(model.Compare("brand", "one_of", ("mzone",))),
            model.Compare("joined", "older_than", 14),
        )
    )


def test_the_facts_of_a_condition_are_those_of_its_segments_and_their_rivals_too(tmp_path: Path) -> None:
    book = make_book(
        tmp_path,
        first="classifies: stage\norder: 1\nwhen: {segment: other}\n",
        second="classifies: stage\norder: 2\nwhen: {used: {more_than: {fact: quota}}}\n",
        third="classifies: stage\norder: 3\nwhen: {brand: gotone}\n",
        other="when: {arrears: false}\n",
    )
    condition = model.All((model.InSegment("second"), model.IsKnown("age")))
    assert facts_of(condition, book) == {"arrears", "used", "quota", "age"}


def test_a_frequency_cap(tmp_path: Path) -> None:
    body = (
        "kind: frequency_cap\nper: customer_channel\nlimit: 3\nwindow: {rolling: 7d}\nvalid_for: {from: 2026-01-01}\n"
        "applies_to: {directions: [outbound], channels: [sms, outbound_call], categories: [crbt]}\n"
    )
    rule = read_one(tmp_path, "contact_policy", body)
    assert isinstance(rule, model.FrequencyCap)
    assert (rule.per, rule.limit, rule.window) == ("customer_channel", 3, model.Rolling(timedelta(days=7)))
    assert rule.valid_for == model.ValidFor(date(2026, 1, 1), None)
    asked = {"direction": "outbound", "purpose": "service", "category": "crbt", "campaign": "any"}
    assert rule.applies_to.covers(**asked, channel="sms")
    assert not rule.applies_to.covers(**asked, channel="hall")
    assert not rule.applies_to.covers(**{**asked, "category": "news"}, channel="sms")


def test_a_calendar_window(tmp_path: Path) -> None:
    body = "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {calendar: week}\n"
    rule = read_one(tmp_path, "contact_policy", body)
    assert isinstance(rule, model.FrequencyCap)
    assert rule.window == model.Calendar("week")
    assert rule.applies_to == model.AppliesTo()


def test_quiet_hours_over_midnight(tmp_path: Path) -> None:
    body = (
        'kind: quiet_hours\nweekly:\n  - {days: [mon, sun], from: 21:00, to: "09:00"}\n'
        'holidays: {dates: [2026-04-05], from: "20:00", to: "10:00"}\n'
    )
    rule = read_one(tmp_path, "contact_policy", body)
    assert isinstance(rule, model.QuietHours)
    assert rule.weekly == (model.WeeklySpan(time(21), time(9), frozenset({0, 6})),)
    assert rule.holidays == model.HolidaySpan(time(20), time(10), frozenset({date(2026, 4, 5)}))


def test_the_other_contact_policies(tmp_path: Path) -> None:
    bodies: dict[str, type[model.Rule]] = {
        "kind: spacing\nper: customer\nat_least: 24h\n": model.Spacing,
        "kind: cooling_off\nafter: [refused, complaint]\nsame: any\nspan: 30d\n": model.CoolingOff,
        "kind: list_effect\nlist: red\n": model.ListEffect,
        "kind: no_repeat\nspan: 2w\n": model.NoRepeat,
        "kind: capacity\nlimit: 10\nwindow: {calendar: hour}\nzone: Asia/Shanghai\n": model.Capacity,
    }
    rules = [read_one(tmp_path / str(at), "contact_policy", body) for at, body in enumerate(bodies)]
    assert [type(rule) for rule in rules] == list(bodies.values())
    spacing, cooling, listed, repeat, capacity = rules
    assert isinstance(spacing, model.Spacing)
    assert spacing.at_least == timedelta(hours=24)
    assert isinstance(cooling, model.CoolingOff)
    assert (cooling.after, cooling.same, cooling.span) == ({"refused", "complaint"}, "any", timedelta(days=30))
    assert isinstance(listed, model.ListEffect)
    assert listed.list_name == "red"
    assert isinstance(repeat, model.NoRepeat)
    assert repeat.span == timedelta(days=14)
    assert isinstance(capacity, model.Capacity)
    assert (capacity.limit, capacity.window, capacity.zone) == (10, model.Calendar("hour"), "Asia/Shanghai")


def test_a_list_effect_says_whether_two_persons_may_lift_it_and_a_repeat_what_is_not_repeated(tmp_path: Path) -> None:
    bodies = (
        "kind: list_effect\nlist: red\n",
        "kind: list_effect\nlist: red\noverride: two_persons\n",
        "kind: no_repeat\nspan: 2w\n",
        "kind: no_repeat\nof: offering\nspan: 2w\n",
        "kind: no_repeat\nof: similar_campaign\nspan: 2w\n",
    )
    rules: list[Any] = [read_one(tmp_path / str(at), "contact_policy", body) for at, body in enumerate(bodies)]
    assert [one.override for one in rules[:2]] == [None, "two_persons"]
    assert [one.of for one in rules[2:]] == ["offering", "offering", "similar_campaign"]
    assert len({one.version for one in rules}) == len(bodies)


def test_conflict_rules(tmp_path: Path) -> None:
    exclusive = read_one(
        tmp_path / "a", "conflicts", "kind: exclusive\nmembers: {categories: [crbt], offerings: [x]}\n"
    )
    assert isinstance(exclusive, model.Exclusive)
    assert exclusive.members.covers(category="crbt", campaign="c", offering="y")
    assert exclusive.members.covers(category="news", campaign="c", offering="x")
    assert not exclusive.members.covers(category="news", campaign="c", offering="y")
    requires = read_one(tmp_path / "b", "conflicts", "kind: requires\noffering: box\nproducts: [crbt]\n")
    assert isinstance(requires, model.Requires)
    assert (requires.offering, requires.products) == ("box", {"crbt"})
    body = "kind: supersedes\nwinner: {offerings: [a]}\nloser: {campaigns: [b]}\n"
    supersedes = read_one(tmp_path / "c", "conflicts", body)
    assert isinstance(supersedes, model.Supersedes)
    assert supersedes.loser == model.Members(campaigns=frozenset({"b"}))
    not_within = read_one(tmp_path / "d", "conflicts", "kind: not_within\nsame: similar_campaign\nspan: 14d\n")
    assert isinstance(not_within, model.NotWithin)
    assert (not_within.same, not_within.span) == ("similar_campaign", timedelta(days=14))


PLACES = {
    ("conflicts", "kind: not_within\nsame: category\nspan: 1d\n"): (),
    ("contact_policy", "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {rolling: 1d}\n"): ("limit", "used"),
    ("contact_policy", "kind: capacity\nlimit: 1\nwindow: {calendar: day}\nzone: Asia/Shanghai\n"): ("limit", "used"),
    ("contact_policy", "kind: list_effect\nlist: red\n"): ("reason", "source"),
    ("contact_policy", "kind: spacing\nper: customer\nat_least: 1d\n"): ("channel",),
    ("contact_policy", "kind: no_repeat\nspan: 1d\n"): ("channel",),
}


@pytest.mark.parametrize(("rule", "places"), PLACES.items())
def test_the_words_of_a_rule_have_the_places_its_kind_fills(
    tmp_path: Path, rule: tuple[str, str], places: tuple[str, ...]
) -> None:
    make_folder(tmp_path)
    head = "id: one\nowner: tests\nbecause:\n  zh: 因为\n  en: because {}\n"
    for place in places:
        put_rule(tmp_path, rule[0], "one", rule[1], head=head.replace("{}", f"{{{place}}}"))
        assert load_rules(tmp_path).version
    put_rule(tmp_path, rule[0], "one", rule[1], head=head.replace("{}", "{limt}"))
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line) == ("unknown_place", 5)
    assert fault.suggestion == ("limit" if "limit" in places else None)


LITERALS = {
    "flag: on": "on",
    "flag: no": "no",
    "flag: 001": "001",
    "flag: 2026-03-02": "2026-03-02",
    "flag: {one_of: [1_5, yes]}": ("1_5", "yes"),
    "handset: 'null'": "null",
}


@pytest.mark.parametrize(("when", "operand"), LITERALS.items())
def test_the_value_of_an_enumeration_is_what_is_written_whatever_yaml_takes_it_for(
    tmp_path: Path, when: str, operand: str | tuple[str, ...]
) -> None:
    codes = "'on': a, 'no': b, '001': c, '2026-03-02': d, '1_5': e, 'yes': f"
    flag = f"  flag: {{type: enum, owner: customer_view, column: flag, zh: 标志, en: Flag, values: {{{codes}}}}}\n"
    make_folder(tmp_path, VOCABULARY.replace("facts:\n", "facts:\n" + flag))
    put_rule(tmp_path, "segments", "one", f"when: {{{when}}}\n")
    compare = load_rules(tmp_path).segments["one"].when
    assert isinstance(compare, model.Compare)
    assert compare.operand == operand


UNCLEAR = {
    "handset: 001": "wrong_type",
    "handset: on": "wrong_type",
    "handset: 2026-03-02": "wrong_type",
    "handset: null": "wrong_type",
    "brand:": "wrong_type",
    "age: 010": "bad_number",
    "age: 1_000": "bad_number",
    "age: 0x10": "bad_number",
    "used: 1e3": "bad_number",
    "used: .5": "bad_number",
    "age: '5'": "bad_number",
    "arrears: yes": "wrong_type",
    "arrears: 'true'": "wrong_type",
    "joined: 2026-3-2": "bad_date",
    "joined: 2026-03-02 10:00:00": "bad_date",
}


@pytest.mark.parametrize(("when", "code"), UNCLEAR.items())
def test_a_literal_that_could_mean_two_things_is_refused(tmp_path: Path, when: str, code: str) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", f"when:\n  {when}\n")
    assert only(faults_of(tmp_path)).code == code
