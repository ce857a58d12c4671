"""A product offering as the rules of the catalogue see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

CHANNELS = frozenset({"hall", "outbound_call", "sms", "hotline", "web", "any"})
"""Where a script may be said; `any` is for channels that have none of their own."""


@dataclass(frozen=True, slots=True)
class Price:
    """A charge in fen."""

    amount_fen: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """A price advantage over months or units."""

    months: int
    quantity: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Edition:
    """One form of an offering for handsets with a capability; null fits all."""

    edition: str
    needs_capability: str | None


@dataclass(frozen=True, slots=True)
class Script:
    """What is said in a channel."""

    channel: str
    zh: str


@dataclass(frozen=True, slots=True)
class Offering:
    """The parts of an offering that can be wrong."""

    offering_id: str
    name_zh: str
    name_en: str
    category: str
    components: tuple[str, ...]
    products: tuple[str, ...]
    editions: tuple[Edition, ...]
    prices: tuple[Price, ...]
    promotions: tuple[Promotion, ...]
    scripts: tuple[Script, ...]
    eligibility: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What offerings may refer to: handset capabilities, product codes, eligibility rules."""

    capabilities: frozenset[str]
    products: frozenset[str]
    eligibility: frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class OfferingFault:
    """What is wrong with one offering of a batch."""

    index: int
    field: str
    message: str


Components = Mapping[str, tuple[str, ...]]
"""Offering id to the ids of its components; empty for a simple offering."""
