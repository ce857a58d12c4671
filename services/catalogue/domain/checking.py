"""What is wrong with one offering, looked at by itself."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from services.catalogue.domain.offering import CHANNELS, KnownNames, Offering

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ID_SAID = "1 to 64 lower-case letters, digits and hyphens, beginning with a letter or digit"
_DEAREST_FEN = 10**12  # what a rule's money may reach; a bigint holds sums of it


def faults_of(offering: Offering, known: KnownNames) -> Iterator[tuple[str, str]]:
    """Yield (field, message) for every mistake that can be seen without the rest of the catalogue."""
    yield from _faults_of_names(offering)
    yield from _faults_of_money(offering)
    yield from _faults_of_references(offering, known)
    yield from _faults_of_scripts(offering)
    if offering.valid_from and offering.valid_to and offering.valid_from > offering.valid_to:
        yield "valid_to", f"{offering.valid_to} lies before valid_from {offering.valid_from}"


def _faults_of_names(offering: Offering) -> Iterator[tuple[str, str]]:
    for field, name in (("offering_id", offering.offering_id), ("category", offering.category)):
        if not _ID.fullmatch(name):
            yield field, f"{name[:80]!r} is no id: {_ID_SAID}"
    for field, text in (("name_zh", offering.name_zh), ("name_en", offering.name_en)):
        if not text.strip():
            yield field, "is empty"
        elif not is_storable(text):
            yield field, "holds a character that cannot be stored (NUL or half of a surrogate pair)"


def _faults_of_money(offering: Offering) -> Iterator[tuple[str, str]]:
    for at, price in enumerate(offering.prices):
        if not 0 <= price.amount_fen <= _DEAREST_FEN:
            yield f"prices[{at}].amount_fen", f"a price lies between 0 and {_DEAREST_FEN} fen, not {price.amount_fen}"
    for at, promotion in enumerate(offering.promotions):
        for field in ("months", "quantity", "value_fen"):
            value: int = getattr(promotion, field)
            if not 0 <= value <= _DEAREST_FEN:
                yield f"promotions[{at}].{field}", f"lies between 0 and {_DEAREST_FEN}, not {value}"


def _faults_of_references(offering: Offering, known: KnownNames) -> Iterator[tuple[str, str]]:
    for at, edition in enumerate(offering.editions):
        capability = edition.needs_capability
        if capability is not None and capability not in known.capabilities:
            message = _unknown("handset capability", capability, known.capabilities)
            yield f"editions[{at}].needs_capability", message
    for at in _repeated(edition.edition for edition in offering.editions):
        yield f"editions[{at}].edition", "this edition is there already"
    for at, product in enumerate(offering.products):
        if product not in known.products:
            yield f"products[{at}]", _unknown("product", product, known.products)
    for at, rule in enumerate(offering.eligibility):
        if rule not in known.eligibility:
            yield f"eligibility[{at}]", _unknown("eligibility rule", rule, known.eligibility)
    for at in _repeated(offering.components):
        yield f"components[{at}]", f"{offering.components[at]!r} is a component already"


def _faults_of_scripts(offering: Offering) -> Iterator[tuple[str, str]]:
    for at, script in enumerate(offering.scripts):
        if script.channel not in CHANNELS:
            yield f"scripts[{at}].channel", _unknown("channel", script.channel, CHANNELS)
        if not script.zh.strip():
            yield f"scripts[{at}].zh", "is empty"
    for at in _repeated(script.channel for script in offering.scripts):
        yield f"scripts[{at}].channel", "this channel has a script already"


def is_storable(text: str) -> bool:
    """Say whether every database can keep the text: no NUL, no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _repeated(names: Iterable[str]) -> Iterator[int]:
    seen: Counter[str] = Counter()
    for at, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield at


def _unknown(what: str, name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name[:64], sorted(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {name[:80]!r}{hint}"
