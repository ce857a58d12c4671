"""Whatever stands in a file of cases: it is read, or every mistake has its place."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.governance.application import policy_cases
from services.workbench.rule_test import conflict_cases
from shared.rulekit.cases.fact_cases import run_fact_cases
from shared.rulekit.cases.model import ConflictCase, PolicyCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import make_folder, put_rule

KINDS = {
    "segments": "when: {joined: {older_than: 99999d}}\n",
    "contact_policy": "kind: cooling_off\nafter: [refused]\nsame: any\nspan: 99999d\n",
    "conflicts": "kind: not_within\nsame: category\nspan: 99999w\n",
}
MOMENTS = st.sampled_from(
    ["2026-03-02T10:00:00+08:00", "1970-01-01T00:00:00Z", "2199-12-31T23:59:59+14:00", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "2026-03-02", "noon", "2026-03-02T10:00:00", None, 3]
)  # fmt: skip
SPANS = st.sampled_from(["7d", "99999w", "1h", "0d", "x", 3, None])
WORDS = st.sampled_from(["sms", "refused", "permit", "suppress", "true", "unknown", "x", "", "[", "\u2028", "UTC"])
_KEYS = """title facts expect on because request history steps at advance outcome lists list already with
next_allowed_at reasons candidates campaign offering categories score products priority similar_to channel zone joined
zh en starts_at ends_at overrides rule"""
KEYS = st.sampled_from(_KEYS.split())
VALUES = st.recursive(
    st.one_of(MOMENTS, SPANS, WORDS, st.integers(-1, 10**20), st.floats(), st.booleans()),
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(KEYS, part, max_size=5)),
    max_leaves=20,
)
CONTACTS = st.fixed_dictionaries({"at": MOMENTS}, optional={"outcome": WORDS, "channel": WORDS, "zone": WORDS})
OVERRIDES = st.fixed_dictionaries(
    {"ends_at": MOMENTS}, optional={"rule": WORDS, "channel": WORDS, "starts_at": MOMENTS}
)
STEPS = st.fixed_dictionaries(
    {"expect": WORDS, "request": st.one_of(CONTACTS, st.just({}), st.just({"similar_to": ["a", "b"]}))},
    optional={"at": MOMENTS, "advance": SPANS},
)
CASES = {
    "segments": st.fixed_dictionaries(
        {"title": WORDS, "expect": WORDS, "facts": st.dictionaries(KEYS, VALUES, max_size=2)}, optional={"on": MOMENTS}
    ),
    "contact_policy": st.fixed_dictionaries(
        {"title": WORDS, "steps": st.lists(STEPS, max_size=4), "history": st.lists(CONTACTS, max_size=3)},
        optional={"overrides": st.lists(OVERRIDES, max_size=2)},
    ),
    "conflicts": st.fixed_dictionaries(
        {
            "title": WORDS,
            "expect": st.lists(WORDS, max_size=2),
            "at": MOMENTS,
            "candidates": st.lists(
                st.fixed_dictionaries(
                    {"campaign": WORDS, "offering": WORDS, "categories": st.lists(WORDS, max_size=2), "score": VALUES}
                ),
                max_size=3,
            ),
        },
    ),
}


def run_all(book: RuleBook, folder: Path) -> None:
    """Run every case; a fault must be RuleFaults with places."""
    facts, scenarios = read_cases(book, folder)
    run_fact_cases(facts, book)
    policy_cases.run_cases((one for one in scenarios if isinstance(one, PolicyCase)), book)
    conflict_cases.run_cases((one for one in scenarios if isinstance(one, ConflictCase)), book)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cases_are_run_or_refused_with_their_places(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    make_folder(tmp_path)
    path = put_rule(tmp_path, kind, "one", KINDS[kind])
    book = load_rules(tmp_path)
    cases = data.draw(st.one_of(st.lists(CASES[kind], min_size=1, max_size=2), VALUES))
    (path.parent / "cases.yaml").write_text(json.dumps(cases), "utf-8")
    faults: tuple[RuleFault, ...] = ()
    try:
        run_all(book, tmp_path)
    except RuleFaults as faulty:
        faults = faulty.faults
    assert all(fault.line >= 1 and fault.column >= 1 for fault in faults)


def test_a_day_and_a_clock_beyond_what_spans_can_reach_are_refused(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(
        tmp_path, "segments", "one", KINDS["segments"], cases="- {title: a, facts: {}, on: 0001-01-01, expect: unknown}"
    )
    with pytest.raises(RuleFaults, match="bad_date"):
        read_cases(load_rules(tmp_path), tmp_path)


def test_an_eligibility_rule_out_of_force_does_not_hold(tmp_path: Path) -> None:
    make_folder(tmp_path)
    body = "level: eligibility\nvalid_for: {to: 2026-03-01}\nwhen: {age: {at_least: 18}}\n"
    cases = (
        "- {title: a, facts: {age: 18}, expect: false}\n- {title: b, on: 2026-03-01, facts: {age: 18}, expect: true}"
    )
    put_rule(tmp_path, "eligibility", "one", body, cases=cases)
    book = load_rules(tmp_path)
    assert [result.message for result in run_fact_cases(read_cases(book, tmp_path)[0], book)] == ["", ""]
