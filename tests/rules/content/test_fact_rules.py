"""The cases beside every rule: how many there are, and what they must speak of."""

from pathlib import Path

import pytest

from shared.rulekit.cases.reading import read_cases
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[3] / "rules"
FEWEST_CASES = 3


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rules(RULES)


def test_every_rule_has_at_least_three_cases(book: RuleBook) -> None:
    facts, scenarios = read_cases(book, RULES)
    counts = {(kind, rule): 0 for kind, rules in book.by_kind.items() for rule in rules}
    for case in (*facts, *scenarios):
        counts[case.kind, case.rule_id] += 1
    assert {rule for rule, count in counts.items() if count < FEWEST_CASES} == set()


def test_every_segment_and_eligibility_rule_says_what_it_does_with_unknown_facts(book: RuleBook) -> None:
    facts, _ = read_cases(book, RULES)
    silent = {*book.segments, *book.eligibility}
    for case in facts:
        if case.expect is None or not case.facts:
            silent.discard(case.rule_id)
    # A single fact of the CRBT record decides these, and their cases name it.
    assert silent <= {"crbt-active"}


def test_stages_of_the_crbt_life_cycle_and_spend_bands_leave_no_order_to_chance(book: RuleBook) -> None:
    assert book.classes["crbt-stage"] == (
        "crbt-lost", "crbt-at-risk", "crbt-silent", "crbt-half-silent", "crbt-active", "crbt-potential",
    )  # fmt: skip
    assert book.classes["spend-band"] == ("spend-50-and-over", "spend-25-to-50", "spend-15-to-25")
