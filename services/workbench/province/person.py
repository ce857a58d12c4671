"""Who a subscriber is: place, age, tenure, spend, brand, standing."""

from datetime import date, timedelta
from typing import NamedTuple

from services.workbench.province.chance import SCORES, at, draws, score_table, threshold, wheel
from services.workbench.province.margins import (
    CITIES,
    KNOTS,
    SHARE_IN_ARREARS,
    SHARE_REAL_NAME_VERIFIED,
    SHARE_STUDENTS,
)
from shared.contracts.customer_view import FactValue

AS_OF = date(2026, 3, 1)
"""The day the generated facts describe: the eve of the rehearsal."""

Facts = dict[str, FactValue]


class Leanings(NamedTuple):
    """Normal scores that several facts share, so that they go together as they do in life."""

    wealth: float
    years: float
    sociable: float
    apps: float


_CITY = wheel(CITIES)
_AGE = score_table(KNOTS["age"])
_TENURE = score_table(KNOTS["tenure_months"])
_SPEND_FEN = score_table(KNOTS["monthly_spend"], 100)
_AVERAGE_FEN = score_table(KNOTS["average_spend"], 100)
_BALANCE_FEN = tuple(round(value, -1) * 100 for value in score_table(KNOTS["balance"]))  # published in whole tens
_SENSITIVITY = score_table(KNOTS["price_sensitivity"])
_CIRCLE = score_table(KNOTS["call_circle"])

_BRAND_YOUNG = wheel((("mzone", 0.72), ("easyown", 0.2), ("gotone", 0.08)))
_BRAND_SPENDER = wheel((("gotone", 0.6), ("easyown", 0.28), ("mzone", 0.12)))
_BRAND_OTHER = wheel((("easyown", 0.7), ("mzone", 0.17), ("gotone", 0.13)))
_SPENDER = 0.5  # normal score: the upper 31 % by spend

_ARREARS = threshold(SHARE_IN_ARREARS)
_REAL_NAME = threshold(SHARE_REAL_NAME_VERIFIED)
_STUDENT_AGES = range(17, 25)
_STUDENT = threshold(SHARE_STUDENTS / 0.078)  # 7.8 % are of student age
_MALE = threshold(0.53)

_LONGEST_TENURE = _TENURE[-1]
_DAYS_A_MONTH = 30.4375
_DATES = tuple(
    (AS_OF - timedelta(days=day)).isoformat() for day in range(int((_LONGEST_TENURE + 1) * _DAYS_A_MONTH) + 2)
)
_YOUNGEST_ADULT = 10  # nobody's number is older than their tenth birthday


def add_person(facts: Facts, seed: int, number: int) -> Leanings:
    """Fill in who subscriber `number` is and return the leanings the other topics build on."""
    draw = draws(seed, b"person", number)
    wealth, years, sociable = SCORES[draw[0] >> 4], SCORES[draw[1] >> 4], SCORES[draw[2] >> 4]
    age = _AGE[at(years)]
    tenure = _TENURE[at(0.45 * years + 0.893 * SCORES[draw[3] >> 4])]
    if age:
        tenure = min(tenure, max(1, (age - _YOUNGEST_ADULT) * 12))
        facts["age"] = age
        facts["is_student"] = age in _STUDENT_AGES and draw[4] < _STUDENT
    facts["city"] = _CITY[draw[5] >> 8]
    facts["gender"] = "male" if draw[6] < _MALE else "female"
    facts["tenure_months"] = tenure
    facts["activated_on"] = _DATES[int((tenure + draw[7] / 65536) * _DAYS_A_MONTH)]
    spend = 0.95 * wealth + 0.3122 * SCORES[draw[8] >> 4]
    facts["monthly_spend"] = _SPEND_FEN[at(spend)]
    facts["average_spend"] = _AVERAGE_FEN[at(0.95 * wealth + 0.3122 * SCORES[draw[9] >> 4])]
    facts["balance"] = _BALANCE_FEN[at(0.4 * wealth + 0.9165 * SCORES[draw[10] >> 4])]
    facts["brand"] = _brand(age, spend)[draw[11] >> 8]
    facts["in_arrears"] = draw[12] < _ARREARS
    facts["real_name_verified"] = draw[13] < _REAL_NAME
    sensitivity = _SENSITIVITY[at(0.35 * wealth + 0.9367 * SCORES[draw[14] >> 4])]
    if sensitivity:
        facts["price_sensitivity"] = sensitivity
    facts["call_circle"] = _CIRCLE[at(0.6 * sociable + 0.3 * wealth + 0.7416 * SCORES[draw[15] >> 4])]
    apps = -0.45 * years + 0.3 * wealth + 0.8411 * SCORES[draw[16] >> 4]
    return Leanings(wealth, years, sociable, apps)


def _brand(age: int, spend: float) -> tuple[str, ...]:
    if 0 < age < 26:  # noqa: PLR2004 - M-Zone was sold to the under-26s
        return _BRAND_YOUNG
    return _BRAND_SPENDER if spend > _SPENDER else _BRAND_OTHER
