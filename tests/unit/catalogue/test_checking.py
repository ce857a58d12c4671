"""What makes one offering unfit."""

from datetime import date
from typing import Any

import pytest

from services.catalogue.domain.checking import faults_of
from shared.contracts.catalogue import Edition, Price, Promotion, Script
from tests.unit.catalogue.making import KNOWN, checked


def test_a_sound_offering_has_no_fault() -> None:
    sound = checked(
        products=["crbt"],
        editions=[Edition(edition="app", needs_capability="app"), Edition(edition="plain")],
        prices=[Price(amount_fen=0, period="once"), Price(amount_fen=500, period="month")],
        promotions=[Promotion(kind="trial", months=1)],
        scripts=[Script(channel="sms", zh="回复KT"), Script(channel="any", zh="彩铃")],
        eligibility=["adult"],
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 1, 1),
    )
    assert list(faults_of(sound, KNOWN)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"offering_id": "CRBT"}, "offering_id"),
        ({"offering_id": ""}, "offering_id"),
        ({"offering_id": "crbt\n"}, "offering_id"),
        ({"offering_id": "x" * 65}, "offering_id"),
        ({"category": "ring back"}, "category"),
        ({"name_zh": " "}, "name_zh"),
        ({"name_en": "\x00"}, "name_en"),
        (
            {"prices": [Price(amount_fen=1, period="once"), Price(amount_fen=-1, period="month")]},
            "prices[1].amount_fen",
        ),
        ({"prices": [Price(amount_fen=10**13, period="once")]}, "prices[0].amount_fen"),
        ({"promotions": [Promotion(kind="trial", months=-1)]}, "promotions[0].months"),
        ({"promotions": [Promotion(kind="discount", value_fen=-5)]}, "promotions[0].value_fen"),
        ({"editions": [Edition(edition="app", needs_capability="ap")]}, "editions[0].needs_capability"),
        ({"editions": [Edition(edition="app"), Edition(edition="app")]}, "editions[1].edition"),
        ({"products": ["crbt", "crtb"]}, "products[1]"),
        ({"eligibility": ["grown-up"]}, "eligibility[0]"),
        ({"components": ["a", "a"]}, "components[1]"),
        ({"scripts": [Script(channel="fax", zh="您好")]}, "scripts[0].channel"),
        ({"scripts": [Script(channel="sms", zh="您好"), Script(channel="sms", zh="您好")]}, "scripts[1].channel"),
        ({"scripts": [Script(channel="sms", zh="")]}, "scripts[0].zh"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 31)}, "valid_to"),
    ],
)
def test_a_fault_names_its_field(changes: dict[str, Any], field: str) -> None:
    assert [name for name, _ in faults_of(checked(**changes), KNOWN)] == [field]


def test_an_unknown_name_comes_with_the_nearest_known_one() -> None:
    [(_, message)] = faults_of(checked(products=["crtb"]), KNOWN)
    assert "did you mean 'crbt'" in message
