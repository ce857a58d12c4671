"""The figures a generated subscriber follows: published margins, and shares that are ours.

Source of `PUBLISHED`: summary statistics (count, mean, deviation, quartiles) of 100,000 subscribers of Fujian's mobile
operator, 2019, as released with a public credit-score competition. Only these summaries are carried over, no rows. The
knots in `KNOTS` are quantile functions: they pass through the published quartiles and extremes, and the points between
were chosen so that mean and deviation come out too. The joint distribution was never published: correlations are ours.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """Mean, deviation and quartiles of one column as published; yuan, years, months, people or uses."""

    mean: float
    deviation: float
    lower: float
    median: float
    upper: float


PUBLISHED = {
    "monthly_spend": Published(99.709, 65.314, 53.0, 90.0, 134.628),
    "average_spend": Published(98.983, 61.002, 54.32, 89.67, 131.56),
    "age": Published(37.908, 11.625, 30, 36, 45),
    "tenure_months": Published(96.272, 59.113, 48, 94, 139),
    "balance": Published(115.685, 448.685, 40, 70, 130),
    "price_sensitivity": Published(3.353, 1.241, 2, 4, 4),
    "call_circle": Published(48.211, 54.867, 16, 32, 62),
    "finance_app_uses": Published(975.366, 2965.361, 6, 265, 1145),
}

SHARE_IN_ARREARS = 0.05183
SHARE_REAL_NAME_VERIFIED = 0.99124
SHARE_STUDENTS = 0.00362
SHARE_BLACKLISTED = 0.0485

Knots = tuple[tuple[float, float], ...]
"""(probability, value) in ascending order, from probability 0 to 1; straight lines between."""

# Age 0 and price sensitivity 0 stand for "missing" in the source; they become unknown facts.
KNOTS: dict[str, Knots] = {
    "monthly_spend": (
        (0, 0),
        (0.01, 1),
        (0.05, 14),
        (0.1, 27),
        (0.25, 53),
        (0.5, 90),
        (0.75, 134.63),
        (0.9, 176),
        (0.95, 204),
        (0.99, 282),
        (0.999, 470),
        (0.9999, 800),
        (1, 2117.01),
    ),
    "average_spend": (
        (0, 0),
        (0.01, 4),
        (0.05, 18),
        (0.1, 30),
        (0.25, 54.32),
        (0.5, 89.67),
        (0.75, 131.56),
        (0.9, 171),
        (0.95, 197),
        (0.99, 265),
        (0.999, 420),
        (0.9999, 700),
        (1, 1792.74),
    ),
    "age": (
        (0, 0),
        (0.002, 0),
        (0.0021, 15),
        (0.01, 17),
        (0.05, 22),
        (0.1, 25),
        (0.25, 30),
        (0.5, 36),
        (0.75, 45),
        (0.9, 53),
        (0.95, 58),
        (0.99, 68),
        (0.999, 80),
        (1, 111),
    ),
    "tenure_months": (
        (0, 1),
        (0.05, 7),
        (0.1, 16),
        (0.25, 48),
        (0.5, 94),
        (0.75, 139),
        (0.9, 178),
        (0.95, 197),
        (0.99, 224),
        (0.999, 246),
        (1, 288),
    ),
    "balance": (
        (0, 10),
        (0.05, 10),
        (0.1, 20),
        (0.25, 40),
        (0.5, 70),
        (0.75, 130),
        (0.9, 210),
        (0.95, 285),
        (0.99, 560),
        (0.999, 1600),
        (0.9999, 6500),
        (1, 60000),
    ),
    "call_circle": (
        (0, 1),
        (0.05, 3),
        (0.1, 6),
        (0.25, 16),
        (0.5, 32),
        (0.75, 62),
        (0.9, 98),
        (0.95, 131),
        (0.99, 226),
        (0.999, 420),
        (0.9999, 800),
        (1, 1906),
    ),
    "finance_app_uses": (
        (0, 0),
        (0.2, 0),
        (0.25, 6),
        (0.5, 265),
        (0.75, 1145),
        (0.9, 2250),
        (0.95, 3250),
        (0.99, 6800),
        (0.999, 15500),
        (0.9999, 40000),
        (1, 496238),
    ),
    "price_sensitivity": (
        (0, 0),
        (0.003, 0),
        (0.003, 1),
        (0.1, 1),
        (0.1, 2),
        (0.265, 2),
        (0.265, 3),
        (0.473, 3),
        (0.473, 4),
        (0.8, 4),
        (0.8, 5),
        (1, 5),
    ),
    # From here on no statistics are published; the shapes are ours (long upper tails, many small users).
    "voice_minutes": ((0, 0), (0.03, 0), (0.25, 70), (0.5, 180), (0.75, 390), (0.95, 1100), (0.99, 2100), (1, 9000)),
    "missed_calls": ((0, 0), (0.12, 0), (0.3, 2), (0.5, 5), (0.75, 12), (0.9, 24), (0.99, 70), (1, 400)),
    "sms_sent": ((0, 0), (0.2, 0), (0.5, 8), (0.75, 26), (0.9, 70), (0.99, 300), (1, 3000)),
    # Used-over-included data of those with a package, in per mille: seed 004 counts "nearly 20 %" over their quota.
    "data_ratio": (
        (0, 0),
        (0.04, 10),
        (0.25, 290),
        (0.5, 580),
        (0.7, 840),
        (0.81, 1000),
        (0.95, 1700),
        (0.99, 3200),
        (1, 9000),
    ),
    "data_without_plan": ((0, 0), (0.3, 0), (0.5, 60), (0.75, 900), (0.95, 6000), (1, 60000)),
    "wap_days": ((0, 0), (0.25, 0), (0.5, 6), (0.75, 20), (0.9, 30), (1, 30)),
    "influence": ((0, 0), (0.3, 2), (0.6, 7), (0.8, 17), (0.95, 46), (0.99, 78), (1, 100)),
    "churn_per_mille": ((0, 2), (0.5, 40), (0.8, 130), (0.95, 420), (0.99, 760), (1, 990)),
}

# Residents by city, census of 2020, as shares of the province.
CITIES = (
    ("fuzhou", 0.1996),
    ("xiamen", 0.1243),
    ("quanzhou", 0.2114),
    ("zhangzhou", 0.1216),
    ("putian", 0.0773),
    ("sanming", 0.0599),
    ("nanping", 0.0645),
    ("longyan", 0.0656),
    ("ningde", 0.0758),
)

# How often a source does not deliver a fact (ours; age and price sensitivity also have the source's own zeros).
MISSING = {
    "age": 0.004, "gender": 0.03, "activated_on": 0.05, "average_spend": 0.005, "balance": 0.01, "call_circle": 0.01,
    "voice_minutes": 0.01, "missed_calls": 0.04, "sms_sent": 0.01, "mms_sent": 0.01, "plan": 0.01,
    "data_used_mb": 0.015, "data_quota_mb": 0.02, "wap_days": 0.03, "finance_app_uses": 0.03, "handset_brand": 0.03,
    "handset_os": 0.03, "handset_capabilities": 0.04, "crowd_type": 0.08, "tags": 0.1, "churn_probability": 0.03,
    "influence_index": 0.05, "crbt_adoption_probability": 0.05, "crbt_churn_probability": 0.05,
    "real_name_verified": 0.002, "in_arrears": 0.002,
}  # fmt: skip
