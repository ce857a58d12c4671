"""What a subscriber uses: voice, messages, data against quota, applications, and the handset it happens on."""

from services.workbench.province.chance import SCORES, at, draws, score_table, threshold, wheel
from services.workbench.province.margins import KNOTS
from services.workbench.province.person import Facts, Leanings

_VOICE = score_table(KNOTS["voice_minutes"])
_MISSED = score_table(KNOTS["missed_calls"])
_SMS = score_table(KNOTS["sms_sent"])
_FINANCE = score_table(KNOTS["finance_app_uses"])
_RATIO = score_table(KNOTS["data_ratio"])
_NO_PLAN = score_table(KNOTS["data_without_plan"])
_WAP_DAYS = score_table(KNOTS["wap_days"])

# By leaning to applications: the lower 27 %, the middle, the upper 31 %.
_LOW, _HIGH = -0.6, 0.5
_PLAN_LOW = wheel((("none", 0.8), ("donggan", 0.14), ("other", 0.06)))
_PLAN_MIDDLE = wheel((("none", 0.16), ("donggan", 0.45), ("changxiang", 0.27), ("other", 0.12)))
_PLAN_HIGH = wheel((("none", 0.06), ("donggan", 0.34), ("changxiang", 0.47), ("other", 0.13)))
_QUOTAS_MB = {
    "donggan": wheel(((1024, 0.5), (2048, 0.35), (5120, 0.15))),
    "changxiang": wheel(((10240, 0.5), (20480, 0.35), (40960, 0.15))),
    "other": wheel(((3072, 0.6), (10240, 0.4))),
}

_OS_PLAIN = wheel((("feature", 0.74), ("other", 0.12), ("android", 0.14)))
_OS_SPENDER = wheel((("ios", 0.46), ("android", 0.53), ("windows_mobile", 0.01)))
_OS_USUAL = wheel((("android", 0.86), ("ios", 0.11), ("symbian", 0.015), ("windows_mobile", 0.005), ("other", 0.01)))
_PLAIN = -1.0  # normal score: the 16 % with the least leaning to applications
_SPENDER = 0.6

_ANDROID_BRANDS = wheel((("华为", 0.36), ("小米", 0.17), ("OPPO", 0.17), ("vivo", 0.16), ("荣耀", 0.1), ("三星", 0.04)))
_OLD_BRANDS = wheel((("诺基亚", 0.5), ("天语", 0.22), ("步步高", 0.18), ("波导", 0.1)))
_APP_OS = frozenset({"symbian", "windows_mobile"})
_TOUCH_OS = frozenset({"android", "ios"})
_NR = {False: threshold(0.18), True: threshold(0.42)}
_WAP = threshold(0.86)
_WAP_ONLY = threshold(0.35)

_MMS_SENT = wheel(((1, 0.28), (2, 0.17), (3, 0.12), (5, 0.15), (9, 0.14), (16, 0.1), (36, 0.04)))  # 6 a head, seed 000


def add_usage(facts: Facts, seed: int, number: int, leanings: Leanings) -> None:
    """Fill in usage and handset."""
    draw = draws(seed, b"usage", number)
    _, _, sociable, apps = leanings
    facts["voice_minutes"] = _VOICE[at(0.8 * sociable + 0.6 * SCORES[draw[0] >> 4])]
    facts["missed_calls"] = _MISSED[at(0.45 * sociable + 0.893 * SCORES[draw[1] >> 4])]
    facts["sms_sent"] = _SMS[at(0.3 * sociable + 0.9539 * SCORES[draw[2] >> 4])]
    facts["finance_app_uses"] = _FINANCE[at(0.95 * apps + 0.3122 * SCORES[draw[3] >> 4])]
    facts["wap_days"] = _WAP_DAYS[at(0.7 * apps + 0.7141 * SCORES[draw[4] >> 4])]
    _add_data(facts, apps, draw)
    _add_handset(facts, leanings, draw)


def add_mms(facts: Facts, share: int, chance: int, amount: int) -> None:
    """Fill in picture messages: `chance` below `share` makes a user of them."""
    facts["mms_sent"] = _MMS_SENT[amount >> 8] if chance < share else 0


def _add_data(facts: Facts, apps: float, draw: tuple[int, ...]) -> None:
    plans = _PLAN_LOW if apps < _LOW else _PLAN_HIGH if apps > _HIGH else _PLAN_MIDDLE
    plan = plans[draw[5] >> 8]
    facts["plan"] = plan
    if plan == "none":
        facts["data_used_mb"] = _NO_PLAN[at(0.6 * apps + 0.8 * SCORES[draw[6] >> 4])]
        return
    quota = _QUOTAS_MB[plan][draw[7] >> 8]
    facts["data_quota_mb"] = quota
    facts["data_used_mb"] = quota * _RATIO[at(SCORES[draw[6] >> 4])] // 1000


def _add_handset(facts: Facts, leanings: Leanings, draw: tuple[int, ...]) -> None:
    spends = leanings.wealth > _SPENDER
    systems = _OS_PLAIN if leanings.apps < _PLAIN else _OS_SPENDER if spends else _OS_USUAL
    system = systems[draw[8] >> 8]
    facts["handset_os"] = system
    if system == "ios":
        facts["handset_brand"] = "苹果"
    else:
        facts["handset_brand"] = (_ANDROID_BRANDS if system == "android" else _OLD_BRANDS)[draw[9] >> 8]
    if system in _TOUCH_OS:
        modern = (
            ["app", "lte", "mms", "nr", "touch", "wap"]
            if draw[10] < _NR[spends]
            else ["app", "lte", "mms", "touch", "wap"]
        )
        facts["handset_capabilities"] = list(modern)
    elif system in _APP_OS:
        facts["handset_capabilities"] = ["app", "mms", "wap"]
    elif draw[10] < _WAP:
        facts["handset_capabilities"] = ["wap"] if draw[11] < _WAP_ONLY else ["mms", "wap"]
    else:
        facts["handset_capabilities"] = []
