"""What makes an order impossible to carry out."""

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from services.channels.domain import words
from services.channels.domain.order import faults_of
from shared.contracts import wire
from tests.unit.channels.making import NINE, ordered


def test_a_sound_order_has_no_fault() -> None:
    assert list(faults_of(ordered(propensity={"accepted": 0.5, "refused": 0.5}))) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"planned_at": datetime(2026, 3, 2, 9)}, "planned_at"),  # noqa: DTZ001 - the fault under test
        ({"expires_at": datetime(2026, 3, 2, 9)}, "expires_at"),  # noqa: DTZ001 - the fault under test
        ({"expires_at": NINE - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": NINE}, "expires_at"),
        ({"script_zh": " ", "script_en": ""}, "script_zh"),
        ({"script_zh": "half a \x00 word"}, "script_zh"),
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": "\ud800"}, "customer_id"),
        ({"campaign_id": "x" * 129}, "campaign_id"),
        ({"propensity": {"delivered": 0.5}}, "propensity.delivered"),
        ({"propensity": {"accepted": -0.1}}, "propensity.accepted"),
        ({"propensity": {"accepted": float("nan")}}, "propensity.accepted"),
        ({"propensity": {"accepted": 0.7, "refused": 0.4}}, "propensity"),
    ],
)
def test_a_fault_names_its_field(changes: dict[str, Any], field: str) -> None:
    assert [name for name, _ in faults_of(ordered(**changes))] == [field]


def test_a_web_banner_needs_no_script() -> None:
    assert list(faults_of(ordered(channel="web", script_zh="", script_en=""))) == []


def test_every_fault_of_an_order_is_reported() -> None:
    broken = ordered(customer_id="", script_zh="", script_en="", expires_at=NINE)
    assert {name for name, _ in faults_of(broken)} == {"customer_id", "script_zh", "expires_at"}


def test_the_domain_speaks_the_words_of_the_contract() -> None:
    assert get_args(words.Channel) == get_args(wire.Channel)
    assert get_args(words.Outcome) == get_args(wire.Outcome)
    assert set(words.SUITABLE) == set(wire.CHANNELS)
