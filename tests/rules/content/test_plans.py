"""The campaign plans and the catalogue: sound, in agreement with the rules, and true to the seed documents."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
import yaml

from services.workbench.province import subscribers
from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.rulekit.cases.model import ConflictCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reference import holds

RULES = Path(__file__).parents[3] / "rules"
BOOK = load_rules(RULES)
PLANS = {
    path.parent.name: msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Plan)
    for path in sorted(RULES.glob("campaigns/*/plan.yaml"))
}
OFFERINGS = {
    one.offering_id: one
    for one in msgspec.convert(
        yaml.safe_load((RULES / "catalogue" / "offerings.yaml").read_text("utf-8")), list[Offering]
    )
}
PRODUCTS = BOOK.vocabulary.facts["products"].values
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 29)
REQUIRED = {"crbt-reactivation", "crbt-win-back", "crbt-potential", "stock-trading", "mo-upgrade", "call-assistant"}
plans = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
offerings = pytest.mark.parametrize("offering", OFFERINGS.values(), ids=OFFERINGS.keys())


def test_the_campaigns_of_the_seeds_are_there() -> None:
    assert PLANS.keys() >= REQUIRED
    assert [plan.campaign for plan in PLANS.values()] == list(PLANS)


@plans
def test_shares_sum_to_one_and_a_tenth_is_never_contacted(plan: Plan) -> None:
    assert sum(cell.share for cell in plan.cells) == pytest.approx(1)
    control = next(cell for cell in plan.cells if cell.cell == plan.control)
    assert control.share == pytest.approx(0.1)
    assert control.treatments == []
    assert all(cell.treatments for cell in plan.cells if cell.cell != plan.control)


@plans
def test_treatments_and_segments_a_plan_names_exist(plan: Plan) -> None:
    named = {treatment for cell in plan.cells for treatment in cell.treatments}
    assert named == {treatment.treatment for treatment in plan.treatments}
    assert all((phase.segment in BOOK.segments) is (phase.rule is None) for phase in plan.phases)
    assert set(plan.similar_to) <= PLANS.keys() - {plan.campaign}


@plans
def test_treatments_offer_what_the_catalogue_has_and_fulfilment_makes_a_conversion(plan: Plan) -> None:
    for treatment in plan.treatments:
        offering = OFFERINGS[treatment.offering]
        assert set(offering.products) & set(plan.converts)
        assert offering.category == plan.category
    assert set(plan.converts) <= PRODUCTS.keys()


@plans
def test_phases_lie_within_the_rehearsal(plan: Plan) -> None:
    assert all(FIRST <= phase.starts_on <= phase.ends_on <= LAST for phase in plan.phases)


@plans
def test_every_channel_of_a_plan_has_words_answers_and_a_pace(plan: Plan) -> None:
    for treatment in plan.treatments:
        spoken = {script.channel for script in OFFERINGS[treatment.offering].scripts}
        channels = {step.channel for step in treatment.steps}
        assert {"any"} <= spoken or channels | set(plan.inbound) <= spoken
        assert channels <= {answers.channel for answers in plan.simulation.answers}
        assert channels <= plan.pace.keys()


@plans
def test_simulated_answers_leave_room_for_silence(plan: Plan) -> None:
    assert all(sum(answers.outcomes.values()) <= 1 for answers in plan.simulation.answers)
    assert 0 < plan.simulation.organic <= 0.03


@plans
def test_a_later_step_follows_an_outcome_the_step_before_can_have(plan: Plan) -> None:
    for treatment in plan.treatments:
        for before, after in zip(treatment.steps, treatment.steps[1:], strict=False):
            possible = {
                outcome
                for answers in plan.simulation.answers
                if answers.channel == before.channel and answers.offering in {None, treatment.offering}
                for outcome in answers.outcomes
            }
            assert after.when
            assert set(after.when) <= possible


def expected_success(plan: Plan, treatment_id: str) -> float:
    """Return the share of contacted subscribers who accept at one of the steps, by the plan's assumed answers."""
    treatment = next(one for one in plan.treatments if one.treatment == treatment_id)
    reaching, accepted = 1.0, 0.0
    for number, step in enumerate(treatment.steps):
        fitting = [one for one in plan.simulation.answers if one.channel == step.channel]
        answers = next((one for one in fitting if one.offering == treatment.offering), fitting[0]).outcomes
        accepted += reaching * answers.get("accepted", 0.0)
        if number + 1 < len(treatment.steps):
            reaching *= sum(answers.get(outcome, 0.0) for outcome in treatment.steps[number + 1].when)
    return accepted


@pytest.mark.parametrize(("campaign", "rate"), [("crbt-reactivation", 0.564), ("crbt-win-back", 0.3465)])
def test_assumed_answers_lead_to_the_success_rate_of_the_seed(campaign: str, rate: float) -> None:
    plan = PLANS[campaign]
    cells = [cell for cell in plan.cells if cell.cell != plan.control]
    weighted = sum(cell.share * expected_success(plan, cell.treatments[0]) for cell in cells)
    assert weighted / sum(cell.share for cell in cells) == pytest.approx(rate, abs=0.01)
    assert {goal.kpi: goal.target for goal in plan.goals}["success_rate"] == rate


def test_the_call_assistant_takes_silence_for_consent_and_starts_a_phase_a_week() -> None:
    plan = PLANS["call-assistant"]
    assert [(phase.starts_on - FIRST).days for phase in plan.phases] == [0, 7, 14]
    assert {treatment.consent for treatment in plan.treatments} == {"silence"}


def test_at_twenty_thousand_every_phase_has_an_audience_worth_a_campaign() -> None:
    sizes = dict.fromkeys(((plan.campaign, phase.phase) for plan in PLANS.values() for phase in plan.phases), 0)
    sample = list(subscribers(2026, 4_000))
    for plan in PLANS.values():
        for phase in plan.phases:
            assert phase.segment is not None
            rule = BOOK.segments[phase.segment]
            sizes[plan.campaign, phase.phase] = 5 * sum(holds(rule, one.facts, book=BOOK, on=FIRST) for one in sample)
    assert min(sizes.values()) >= 150
    assert max(sizes.values()) <= 8_000


@offerings
def test_an_offering_names_rules_components_and_products_that_exist(offering: Offering) -> None:
    assert set(offering.eligibility) <= BOOK.eligibility.keys()
    assert set(offering.components) <= OFFERINGS.keys() - {offering.offering_id}
    assert set(offering.products) <= PRODUCTS.keys()
    capabilities = BOOK.vocabulary.facts["handset_capabilities"].values
    assert {edition.needs_capability for edition in offering.editions} <= {None, *capabilities}


@offerings
def test_a_bundle_brings_the_products_of_its_components(offering: Offering) -> None:
    parts = {product for part in offering.components for product in OFFERINGS[part].products}
    assert not offering.components or set(offering.products) == parts


@offerings
def test_every_script_is_in_chinese_and_english(offering: Offering) -> None:
    assert offering.scripts
    assert all(script.zh and script.en for script in offering.scripts)


def test_the_three_classes_hold_the_products_of_the_seed() -> None:
    def of(product_class: str) -> set[str]:
        return {one.offering_id for one in OFFERINGS.values() if one.product_class == product_class}

    assert of("revenue") >= {"sms-basic", "mo-package", "crbt-function", "mms-pack"}
    assert of("growth") >= {"fetion", "call-reminder", "weather", "newspaper", "music-club-senior"}
    assert of("strategic") >= {"mobile-tv", "location", "animation", "e-payment", "stock-app-edition"}


def test_promotions_have_the_values_the_seeds_name() -> None:
    returned = {one.kind: one.value_fen for one in OFFERINGS["crbt-annual"].promotions}
    assert returned["prepay_return"] == 1_500
    assert OFFERINGS["crbt-music-box"].prices[0].amount_fen == 100
    assert OFFERINGS["music-club-senior"].promotions[0].value_fen == 1_000
    assert OFFERINGS["call-assistant-quarter"].promotions[0].months == 3
    assert OFFERINGS["mms-default"].promotions[0].quantity == 10


def test_conflicts_name_categories_and_offerings_of_the_catalogue() -> None:
    categories = {one.category for one in OFFERINGS.values()}
    for rule in BOOK.conflicts.values():
        for side in (getattr(rule, name, None) for name in ("members", "winner", "loser")):
            if side is not None:
                assert side.categories <= categories
                assert side.offerings <= OFFERINGS.keys()
                assert side.campaigns <= PLANS.keys()
        assert getattr(rule, "offering", None) in {None, *OFFERINGS}


def test_cases_of_conflicts_describe_campaigns_and_offerings_as_they_are() -> None:
    _, scenarios = read_cases(BOOK, RULES)
    for case in scenarios:
        for one in (*case.candidates, *case.history) if isinstance(case, ConflictCase) else ():
            plan, offering = PLANS[one.campaign], OFFERINGS[one.offering]
            touched = {offering.category, *(OFFERINGS[part].category for part in offering.components)}
            assert set(one.categories) == touched
            assert one.at is not None or one.priority == plan.priority
            assert not one.similar_to or one.similar_to == set(plan.similar_to)


# What a file like Beijing's tells of a subscriber: neither products nor brand, nor anything about tones.
FEW_FACTS = {"age": 40, "gender": "male", "average_spend": 12_000, "data_used_mb": 30_000.0, "plan": "other",
             "handset_os": "ios", "tenure_months": 30}  # fmt: skip


@pytest.mark.parametrize("campaign", ["call-assistant", "mo-upgrade", "stock-trading"])
def test_a_file_with_few_facts_still_has_an_audience_that_may_be_offered_something(campaign: str) -> None:
    plan = PLANS[campaign]
    segments = [BOOK.segments[phase.segment] for phase in plan.phases if phase.segment]
    assert any(holds(rule, FEW_FACTS, book=BOOK, on=FIRST) for rule in segments)
    rules = [BOOK.eligibility[rule] for rule in OFFERINGS[plan.treatments[0].offering].eligibility]
    assert all(holds(rule, FEW_FACTS, book=BOOK, on=FIRST) for rule in rules)


def test_an_unknown_age_does_not_pass_where_the_law_wants_an_adult() -> None:
    without_age = {name: value for name, value in FEW_FACTS.items() if name != "age"}
    assert not holds(BOOK.eligibility["adult"], without_age, book=BOOK, on=FIRST)
