"""Twenty rules, each in the rule language and as somebody would write it by hand, over the province's vocabulary.

By hand, tests of sets are left open, because how they are written depends on how sets are stored: what stands as
`any(column: members)` becomes `strpos(column, ',member,') > 0` over text, and one `&` over a bit mask.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

RULES: Sequence[tuple[Mapping[str, Any], str]] = (
    (
        {
            "real_name_verified": True,
            "in_arrears": False,
            "products": {"contains_none": ["crbt", "crbt_pack"]},
            "age": {"at_least": 18},
        },
        "real_name_verified AND NOT in_arrears AND NOT any(products: crbt crbt_pack) AND age >= 18",
    ),
    (
        {
            "products": {"contains_any": ["crbt"]},
            "crbt_days_since_download": {"at_least": 31},
            "crbt_churn_probability": {"less_than": 0.6},
        },
        "any(products: crbt) AND crbt_days_since_download >= 31 AND crbt_churn_probability < 0.6",
    ),
    (
        {
            "products": {"contains_none": ["stock_app", "stock_wap"]},
            "handset_capabilities": {"contains_any": ["app"]},
            "tags": {"contains_any": ["likes_finance"]},
        },
        "NOT any(products: stock_app stock_wap) AND any(handset_capabilities: app) AND any(tags: likes_finance)",
    ),
    (
        {
            "products": {"contains_none": ["stock_app", "stock_wap"]},
            "handset_capabilities": {"contains_any": ["wap"], "contains_none": ["app"]},
            "age": {"at_least": 18},
            "balance": {"at_least": 10},
        },
        (
            "NOT any(products: stock_app stock_wap) AND any(handset_capabilities: wap)"
            " AND NOT any(handset_capabilities: app) AND age >= 18 AND balance_fen >= 1000"
        ),
    ),
    (
        {
            "plan": "donggan",
            "data_used_mb": {"more_than": {"fact": "data_quota_mb"}},
            "data_quota_mb": {"more_than": 0},
            "products": {"contains_none": ["mo_upgrade"]},
        },
        "plan = 'donggan' AND data_used_mb > data_quota_mb AND data_quota_mb > 0 AND NOT any(products: mo_upgrade)",
    ),
    (
        {
            "any": [{"monthly_spend": {"at_least": 50}}, {"average_spend": {"at_least": 50}}],
            "missed_calls": {"at_least": 10},
            "products": {"contains_none": ["call_assistant"]},
            "tenure_months": {"at_least": 3},
        },
        (
            "(monthly_spend_fen >= 5000 OR average_spend_fen >= 5000) AND missed_calls >= 10"
            " AND NOT any(products: call_assistant) AND tenure_months >= 3"
        ),
    ),
    (
        {
            "products": {"contains_any": ["call_assistant"], "contains_none": ["call_assistant_annual"]},
            "churn_probability": {"less_than": 0.8},
        },
        "any(products: call_assistant) AND NOT any(products: call_assistant_annual) AND churn_probability < 0.8",
    ),
    (
        {
            "mms_sent": {"at_least": 1},
            "handset_capabilities": {"contains_all": ["mms", "wap"]},
            "products": {"contains_none": ["newspaper"]},
        },
        "mms_sent >= 1 AND all(handset_capabilities: mms wap) AND NOT any(products: newspaper)",
    ),
    (
        {
            "tags": {"contains_any": ["likes_music"]},
            "products": {"contains_any": ["crbt"], "contains_none": ["music_club"]},
            "age": {"between": [16, 45]},
        },
        "any(tags: likes_music) AND any(products: crbt) AND NOT any(products: music_club) AND age BETWEEN 16 AND 45",
    ),
    (
        {
            "handset_os": {"one_of": ["android", "ios"]},
            "handset_capabilities": {"contains_any": ["lte", "nr"]},
            "products": {"contains_none": ["mobile_tv"]},
            "wap_days": {"at_least": 4},
        },
        (
            "handset_os IN ('android', 'ios') AND any(handset_capabilities: lte nr) AND NOT any(products: mobile_tv)"
            " AND wap_days >= 4"
        ),
    ),
    (
        {"brand": "gotone", "monthly_spend": {"at_least": 100}, "products": {"contains_none": ["e_payment"]}},
        "brand = 'gotone' AND monthly_spend_fen >= 10000 AND NOT any(products: e_payment)",
    ),
    (
        {
            "brand": "mzone",
            "is_student": True,
            "tags": {"contains_any": ["likes_games", "likes_music"]},
            "products": {"contains_none": ["animation"]},
        },
        "brand = 'mzone' AND is_student AND any(tags: likes_games likes_music) AND NOT any(products: animation)",
    ),
    (
        {
            "city": {"one_of": ["fuzhou", "xiamen", "quanzhou"]},
            "products": {"contains_none": ["location"]},
            "voice_minutes": {"at_least": 100},
        },
        "city IN ('fuzhou', 'xiamen', 'quanzhou') AND NOT any(products: location) AND voice_minutes >= 100",
    ),
    (
        {
            "crbt_subscribed": False,
            "crbt_days_since_cancelled": {"at_most": 180},
            "products": {"contains_none": ["crbt_annual"]},
            "price_sensitivity": {"more_than": 1},
        },
        (
            "NOT crbt_subscribed AND crbt_days_since_cancelled <= 180 AND NOT any(products: crbt_annual)"
            " AND price_sensitivity > 1"
        ),
    ),
    (
        {
            "crbt_subscribed": False,
            "crbt_adoption_probability": {"at_least": 0.6},
            "products": {"contains_none": ["crbt", "crbt_pack"]},
        },
        "NOT crbt_subscribed AND crbt_adoption_probability >= 0.6 AND NOT any(products: crbt crbt_pack)",
    ),
    (
        {
            "products": {"contains_any": ["crbt"], "contains_none": ["crbt_music_box"]},
            "crbt_days_since_download": {"between": [31, 90]},
            "influence_index": {"at_least": 20},
        },
        (
            "any(products: crbt) AND NOT any(products: crbt_music_box) AND crbt_days_since_download BETWEEN 31 AND 90"
            " AND influence_index >= 20"
        ),
    ),
    (
        {
            "activated_on": {"older_than": "365d"},
            "products": {"contains_any": ["mo_package"]},
            "data_used_mb": {"more_than": {"fact": "data_quota_mb", "times": 0.8}},
        },
        "activated_on < '2025-03-02' AND any(products: mo_package) AND data_used_mb > 0.8 * data_quota_mb",
    ),
    (
        {
            "products": {"contains_none": ["fetion"]},
            "sms_sent": {"at_least": 20},
            "call_circle": {"at_least": 10},
        },
        "NOT any(products: fetion) AND sms_sent >= 20 AND call_circle >= 10",
    ),
    (
        {
            "products": {"contains_none": ["weather"]},
            "tags": {"contains_any": ["prefers_sms"]},
            "in_arrears": False,
        },
        "NOT any(products: weather) AND any(tags: prefers_sms) AND NOT in_arrears",
    ),
    (
        {
            "products": {"contains_any": ["stock_app", "stock_wap"]},
            "finance_app_uses": {"at_least": 100},
            "tenure_months": {"at_least": 24},
        },
        "any(products: stock_app stock_wap) AND finance_app_uses >= 100 AND tenure_months >= 24",
    ),
)
"""What the rule says (`when`), and the same by hand."""

_SET_TEST = re.compile(r"(any|all)\((\w+): ([\w ]+)\)")


def over_text(condition: str) -> str:
    """Write the tests of sets over the text `,a,b,`."""

    def written(found: re.Match[str]) -> str:
        word, column, members = found.groups()
        tests = (f"strpos({column}, ',{member},') > 0" for member in members.split())
        return f"({(' OR ' if word == 'any' else ' AND ').join(tests)})"

    return _SET_TEST.sub(written, condition)


def over_masks(condition: str, members: Mapping[str, Sequence[str]]) -> str:
    """Write the tests of sets over masks `<column>_mask`, bits in the order of `members` (by column)."""

    def written(found: re.Match[str]) -> str:
        word, column, named = found.groups()
        bits = sum(1 << members[column].index(member) for member in named.split())
        return f"({column}_mask & {bits} {'<> 0' if word == 'any' else f'= {bits}'})"

    return _SET_TEST.sub(written, condition)
