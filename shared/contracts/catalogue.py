"""catalogue: what may be offered. RPC service `catalogue` (bulk twin `catalogue_bulk` for large upserts).

| method | pool | asks | tells |
|---|---|---|---|
| upsert_offerings(offerings) | bulk (interactive up to 200) | list[Offering] | UpsertResult |
| get_offering(offering_id) | interactive | str | Offering |
| list_offerings(filters) | interactive | OfferingFilters | OfferingList |

Event out: `offerings_changed` (OfferingsChanged).
"""

from datetime import date
from typing import Literal

from shared.contracts.wire import Asked, Told

ProductClass = Literal["revenue", "growth", "strategic"]
PromotionKind = Literal["first_n_free", "trial", "send_n_get_m", "discount", "gift_after_months", "prepay_return"]


class Price(Asked, frozen=True, kw_only=True):
    """A charge in fen (1/100 yuan); `period` once, or each month or year."""

    amount_fen: int
    period: Literal["once", "month", "year"]


class Promotion(Asked, frozen=True, kw_only=True):
    """A price advantage: what kind, for how many months or units, worth how much."""

    kind: PromotionKind
    months: int = 0
    quantity: int = 0
    value_fen: int = 0
    zh: str = ""
    en: str = ""


class Edition(Asked, frozen=True, kw_only=True):
    """One form of an offering for handsets that have (or lack) a capability, e.g. app or WAP."""

    edition: str
    needs_capability: str | None = None
    """A value of the fact `handset_capabilities`; null fits every handset."""


class Script(Asked, frozen=True, kw_only=True):
    """What is said or sent in a channel."""

    channel: str
    zh: str
    en: str = ""


class Offering(Asked, frozen=True, kw_only=True):
    """A product offering (TM Forum's word): simple, or a bundle of components."""

    offering_id: str
    name_zh: str
    name_en: str
    product_class: ProductClass
    category: str
    """Family for conflicts and caps: crbt, internet, finance, assistant, newspaper …"""
    components: list[str] = []
    """Offering ids in a bundle; empty for a simple offering."""
    products: list[str] = []
    """Product codes the subscriber holds once fulfilled (values of the fact `products`)."""
    editions: list[Edition] = []
    prices: list[Price] = []
    promotions: list[Promotion] = []
    scripts: list[Script] = []
    eligibility: list[str] = []
    """Ids of eligibility rules that must all hold."""
    valid_from: date | None = None
    valid_to: date | None = None


class OfferingFilters(Asked, frozen=True, kw_only=True):
    """Null means any."""

    product_class: ProductClass | None = None
    category: str | None = None
    valid_on: date | None = None
    bundles: bool | None = None


class OfferingList(Told, frozen=True, kw_only=True):
    """Offerings in ascending order of id."""

    offerings: list[Offering]


class OfferingsChanged(Told, frozen=True, kw_only=True):
    """Event `offerings_changed`: the offerings as they now stand."""

    offerings: list[Offering]
