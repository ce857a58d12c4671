"""One permitted contact to be made, and what is wrong with one that cannot be taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.channels.domain.words import SPOKEN, SUITABLE, Channel

_LONGEST_ID = 128
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Order:
    """A permitted contact to be made at `planned_at`, not after `expires_at`; `propensity` is for the simulator."""

    contact_id: str
    customer_id: str
    campaign_id: str
    cell: str
    offering_id: str
    channel: Channel
    script_zh: str
    script_en: str
    planned_at: datetime
    expires_at: datetime
    propensity: Mapping[str, float]


def faults_of(order: Order) -> Iterator[tuple[str, str]]:
    """Yield (field, message) for everything that makes an order impossible to carry out."""
    yield from _faults_of_words(order)
    yield from _faults_of_times(order)
    if order.propensity:
        yield from _faults_of_propensity(order)


def _faults_of_words(order: Order) -> Iterator[tuple[str, str]]:
    for field in ("contact_id", "customer_id", "campaign_id", "cell", "offering_id"):
        value: str = getattr(order, field)
        if not value or len(value) > _LONGEST_ID:
            yield field, f"must have 1 to {_LONGEST_ID} characters, has {len(value)}"
        elif not is_storable(value):
            yield field, "holds a character that cannot be stored (NUL or half of a surrogate pair)"
    for field in ("script_zh", "script_en"):
        if not is_storable(getattr(order, field)):
            yield field, "holds a character that cannot be stored (NUL or half of a surrogate pair)"
    if order.channel in SPOKEN and not (order.script_zh.strip() or order.script_en.strip()):
        yield "script_zh", f"a contact by {order.channel} needs words to say; both scripts are empty"


def is_storable(text: str) -> bool:
    """Say whether every database can keep the text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _faults_of_times(order: Order) -> Iterator[tuple[str, str]]:
    naive = [field for field in ("planned_at", "expires_at") if getattr(order, field).utcoffset() is None]
    for field in naive:
        yield field, "has no UTC offset: write for example 2026-03-02T09:00:00+08:00"
    if not naive and order.expires_at <= order.planned_at:
        yield "expires_at", "must be after planned_at"


def _faults_of_propensity(order: Order) -> Iterator[tuple[str, str]]:
    suitable: frozenset[str] = SUITABLE[order.channel]
    for outcome, share in order.propensity.items():
        if outcome not in suitable:
            known = ", ".join(sorted(suitable))
            yield f"propensity.{outcome}", f"no such outcome by {order.channel}; there are: {known}"
        elif not 0 <= share <= 1:  # also true of NaN
            yield f"propensity.{outcome}", f"a probability lies between 0 and 1, not {share}"
    if sum(order.propensity.values()) > 1 + _ROUNDING:
        yield "propensity", "probabilities add up to more than 1"
