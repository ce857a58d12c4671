"""Two versions of rules for tests: conditions put into a small book, offerings that ask for its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from services.campaigns.domain.offering import Offering
from services.workbench.rule_plan.sides import Side
from shared.rulekit.model import Condition, EligibilityRule, RuleBook, SegmentRule
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import ON, make_folder, put_rule

SEGMENTS = {
    "silent": "classifies: stage\norder: 10\nwhen: {age: {at_least: 1}}\n",
    "active": "classifies: stage\norder: 20\nwhen: {tenure: {is_known: true}}\n",
    "winter": "valid_for: {to: 2026-02-28}\nwhen: {tenure: {at_least: 0}}\n",
}
ELIGIBILITY = {
    "fits": "level: suitability\nwhen: {spend: {at_least: 0}}\n",
    "lawful": "level: eligibility\nwhen: {arrears: false}\n",
    "sensible": "level: applicability\nwhen: {segment: active}\n",
}
OFFERINGS = {
    "plain": Offering("plain", "", "", "crbt", eligibility=("fits", "lawful", "sensible")),
    "open": Offering("open", "", "", "crbt"),
    "bundle": Offering("bundle", "", "", "crbt", components=("plain",), eligibility=("lawful",)),
}


def make_book(root: Path) -> RuleBook:
    """Write and load the small book."""
    make_folder(root)
    for kind, rules in (("segments", SEGMENTS), ("eligibility", ELIGIBILITY)):
        for name, body in rules.items():
            put_rule(root, kind, name, body)
    return load_rules(root)


def edited(book: RuleBook, conditions: Mapping[str, Condition], without: Sequence[str] = ()) -> RuleBook:
    """Return the book with other conditions for some rules, and without some."""
    segments: dict[str, SegmentRule] = {
        name: replace(rule, when=conditions.get(name, rule.when)) for name, rule in book.segments.items()
    }
    eligibility: dict[str, EligibilityRule] = {
        name: replace(rule, when=conditions.get(name, rule.when))
        for name, rule in book.eligibility.items()
        if name not in without
    }
    return replace(book, segments=segments, eligibility=eligibility, version="edited")


def side_of(book: RuleBook, offerings: Mapping[str, Offering] = OFFERINGS) -> Side:
    """Return a version without campaigns."""
    return Side(book, offerings, {}, ON)
