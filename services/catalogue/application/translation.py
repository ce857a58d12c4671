"""From the contract on the wire to the values of the domain."""

from services.catalogue.domain.offering import Edition, Offering, Price, Promotion, Script
from shared.contracts import catalogue as wire


def offering_of(asked: wire.Offering) -> Offering:
    """Read the parts of an offering that can be wrong."""
    return Offering(
        offering_id=asked.offering_id,
        name_zh=asked.name_zh,
        name_en=asked.name_en,
        category=asked.category,
        components=tuple(asked.components),
        products=tuple(asked.products),
        editions=tuple(Edition(item.edition, item.needs_capability) for item in asked.editions),
        prices=tuple(Price(item.amount_fen) for item in asked.prices),
        promotions=tuple(Promotion(item.months, item.quantity, item.value_fen) for item in asked.promotions),
        scripts=tuple(Script(item.channel, item.zh) for item in asked.scripts),
        eligibility=tuple(asked.eligibility),
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
    )
