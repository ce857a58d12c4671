"""What travels, as `shared.contracts.catalogue` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Literal, NotRequired, TypedDict

from .of_wire import Day

ProductClass = Literal["revenue", "growth", "strategic"]


PromotionKind = Literal["first_n_free", "trial", "send_n_get_m", "discount", "gift_after_months", "prepay_return"]


class Price(TypedDict):
    """A charge in fen (1/100 yuan); `period` once, or each month or year."""

    amount_fen: int
    period: Literal["once", "month", "year"]


class Promotion(TypedDict):
    """A price advantage: what kind, for how many months or units, worth how much."""

    kind: PromotionKind
    months: NotRequired[int]
    quantity: NotRequired[int]
    value_fen: NotRequired[int]
    zh: NotRequired[str]
    en: NotRequired[str]


class Edition(TypedDict):
    """One form of an offering for handsets that have (or lack) a capability, e.g. app or WAP."""

    edition: str
    needs_capability: NotRequired[str | None]
    """A value of the fact `handset_capabilities`; null fits every handset."""


class Script(TypedDict):
    """What is said or sent in a channel."""

    channel: str
    zh: str
    en: NotRequired[str]


class Offering(TypedDict):
    """A product offering (TM Forum's word): simple, or a bundle of components."""

    offering_id: str
    name_zh: str
    name_en: str
    product_class: ProductClass
    category: str
    """Family for conflicts and caps: crbt, internet, finance, assistant, newspaper …"""
    components: NotRequired[list[str]]
    """Offering ids in a bundle; empty for a simple offering."""
    products: NotRequired[list[str]]
    """Product codes the subscriber holds once fulfilled (values of the fact `products`)."""
    editions: NotRequired[list[Edition]]
    prices: NotRequired[list[Price]]
    promotions: NotRequired[list[Promotion]]
    scripts: NotRequired[list[Script]]
    eligibility: NotRequired[list[str]]
    """Ids of eligibility rules that must all hold."""
    valid_from: NotRequired[Day | None]
    valid_to: NotRequired[Day | None]


class OfferingFilters(TypedDict):
    """Null means any."""

    product_class: NotRequired[ProductClass | None]
    category: NotRequired[str | None]
    valid_on: NotRequired[Day | None]
    bundles: NotRequired[bool | None]


class OfferingList(TypedDict):
    """Offerings in ascending order of id."""

    offerings: list[Offering]


class OfferingsChanged(TypedDict):
    """Event `offerings_changed`: the offerings as they now stand."""

    offerings: list[Offering]
