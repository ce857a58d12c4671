"""What a subscriber holds: products, in agreement with stage, plan, handset and taste."""

from services.workbench.province.chance import draws, threshold
from services.workbench.province.person import Facts, Leanings

# (product, share of all subscribers); in alphabetical order, as sets travel.
_WIDELY_HELD = tuple(
    (product, threshold(share))
    for product, share in (
        ("animation", 0.015), ("call_reminder", 0.12), ("e_payment", 0.008), ("fetion", 0.2), ("location", 0.01),
        ("mms_pack", 0.02), ("mobile_tv", 0.02), ("newspaper", 0.15), ("weather", 0.09),
    )
)  # fmt: skip
_ASSISTANT = threshold(0.248)  # penetration of the call assistant in seed 003
_ASSISTANT_ANNUAL = threshold(0.2)
_TONE_PRODUCTS = {
    "active": (("crbt_annual", threshold(0.1)), ("crbt_music_box", threshold(0.14)), ("crbt_pack", threshold(0.06))),
    "half_silent": (("crbt_annual", threshold(0.04)), ("crbt_music_box", threshold(0.02))),
    "silent": (("crbt_annual", threshold(0.02)),),
    "at_risk": (),
}
_CLUB = {True: threshold(0.16), False: threshold(0.06)}
_STOCK = {True: threshold(0.08), False: threshold(0.004)}
_UPGRADED = threshold(0.12)
_MANY_FINANCE_USES = 1500
_YOUNG = -0.6


def add_holdings(facts: Facts, seed: int, number: int, leanings: Leanings, stage: str) -> None:
    """Fill in the fact `products`."""
    draw = draws(seed, b"holdings", number)
    held = [product for (product, share), chance in zip(_WIDELY_HELD, draw, strict=False) if chance < share]
    if draw[10] < _ASSISTANT:
        held.append("call_assistant")
        if draw[11] < _ASSISTANT_ANNUAL:
            held.append("call_assistant_annual")
    if stage in _TONE_PRODUCTS:
        held.append("crbt")
        held += [
            name for (name, share), chance in zip(_TONE_PRODUCTS[stage], draw[12:], strict=False) if chance < share
        ]
    plan = facts["plan"]
    if plan in {"donggan", "changxiang"}:
        held.append("mo_package")
        if plan == "changxiang" and draw[16] < _UPGRADED:
            held.append("mo_upgrade")
    if draw[17] < _CLUB[leanings.years < _YOUNG]:
        held.append("music_club")
    uses = facts["finance_app_uses"]
    if draw[18] < _STOCK[isinstance(uses, int) and uses >= _MANY_FINANCE_USES]:
        capable = facts["handset_capabilities"]
        held.append("stock_app" if isinstance(capable, list) and "app" in capable else "stock_wap")
    held.sort()
    facts["products"] = held
