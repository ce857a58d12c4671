"""What campaigns knows of a product offering: its kind, its parts, its rules and what is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """What is said or sent in a channel."""

    channel: str
    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True)
class Offering:
    """An offering as the catalogue last told it."""

    offering_id: str
    name_zh: str
    name_en: str
    category: str
    components: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    eligibility: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None

    def script(self, channel: str) -> Script:
        """Return the words for a channel: its own, else those of any channel, else the offering's name."""
        for wanted in (channel, "any"):
            for each in self.scripts:
                if each.channel == wanted:
                    return each
        return Script(channel, self.name_zh, self.name_en)


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything an offering touches: itself and its components, their categories and their products."""

    offerings: frozenset[str]
    categories: frozenset[str]
    products: frozenset[str]


def reach_of(offering: Offering, catalogue: Mapping[str, Offering]) -> Reach:
    """Return what an offering touches; a component the catalogue does not know still counts by its id."""
    seen: dict[str, Offering | None] = {}
    waiting = [offering.offering_id]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        part = offering if name == offering.offering_id else catalogue.get(name)
        seen[name] = part
        waiting.extend(part.components if part else ())
    parts = [part for part in seen.values() if part]
    return Reach(
        frozenset(seen),
        frozenset(part.category for part in parts),
        frozenset(product for part in parts for product in part.products),
    )
