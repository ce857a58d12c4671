"""The ring-back tone life cycle: which stage a subscriber is in, and facts that agree with it."""

from services.workbench.province.chance import SCORES, at, draws, score_table, wheel
from services.workbench.province.person import Facts, Leanings

# Silent and half-silent together stand to lost as 5 to 1, as in seed 001 (40,000 to 8,000 subscribers).
_STAGES_YOUNG = wheel(
    (("never", 0.515), ("active", 0.2), ("half_silent", 0.085), ("silent", 0.11), ("at_risk", 0.05), ("lost", 0.04))
)
_STAGES_USUAL = wheel(
    (("never", 0.688), ("active", 0.12), ("half_silent", 0.05), ("silent", 0.08), ("at_risk", 0.035), ("lost", 0.027))
)
_YOUNG = -0.6  # normal score of age: the younger 27 %

# First and last day since the last download, and churn probability in per mille, by stage.
_RANGES = {
    "active": (0, 30, 5, 300),
    "half_silent": (31, 60, 80, 450),
    "silent": (61, 720, 150, 590),
    "at_risk": (0, 400, 600, 980),
}
_LOST_WITHIN = 180
_LONG_AGO = 1500
_CAME_BACK_NEVER = 6554  # a tenth of those without CRBT gave it up long ago
_ADOPTION = score_table(((0, 5), (0.5, 230), (0.8, 600), (0.95, 860), (1, 990)))


def add_crbt(facts: Facts, seed: int, number: int, leanings: Leanings) -> str:
    """Fill in the CRBT facts and return the stage they were made for."""
    draw = draws(seed, b"crbt", number)
    stage = (_STAGES_YOUNG if leanings.years < _YOUNG else _STAGES_USUAL)[draw[0] >> 8]
    facts["crbt_subscribed"] = stage in _RANGES
    if stage in _RANGES:
        first, last, low, high = _RANGES[stage]
        skew = draw[1] * draw[2] if stage == "silent" else draw[1] << 16  # most of the silent fell silent lately
        facts["crbt_days_since_download"] = first + (skew * (last - first + 1) >> 32)
        facts["crbt_churn_probability"] = (low + (draw[3] * (high - low) >> 16)) / 1000
        return stage
    if stage == "lost":
        facts["crbt_days_since_cancelled"] = 1 + (draw[1] * _LOST_WITHIN >> 16)
    elif draw[2] < _CAME_BACK_NEVER:
        facts["crbt_days_since_cancelled"] = _LOST_WITHIN + 1 + (draw[1] * (_LONG_AGO - _LOST_WITHIN) >> 16)
    lean = -0.45 * leanings.years + 0.35 * leanings.sociable + 0.8216 * SCORES[draw[4] >> 4]
    facts["crbt_adoption_probability"] = _ADOPTION[at(lean)] / 1000
    return stage
