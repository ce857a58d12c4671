"""What stands for the ids of an erased subscriber: keyed hashes, which nobody can work out without the key.

A subscriber's pseudonym also carries the lane of the id it stands for, so that who knows only one of the two queues up
where the other does. That is 10 bits of a checksum: it tells one subscriber in 1,024 from another, and no more.
"""

import hmac
import re
from binascii import crc32

LANES = 1024
SHORTEST_KEY = 32
"""In characters."""
_PREFIX = "erased:"
_DIGITS = 40  # 160 bits: no two subscribers share them
_SUBSCRIBER = re.compile(rf"{_PREFIX}([0-9a-f]{{3}})[0-9a-f]{{{_DIGITS}}}", re.ASCII)


def lane_of(customer_id: str) -> int:
    """Return the lane in which a subscriber's requests queue up; the same in every process and release."""
    if customer_id.startswith(_PREFIX) and (carried := _SUBSCRIBER.fullmatch(customer_id)) is not None:
        return int(carried[1], 16) % LANES
    return crc32(customer_id.encode()) % LANES


def is_pseudonym(text: str) -> bool:
    """Tell whether the id stands for another."""
    return text.startswith(_PREFIX)


def pseudonym_of(key: bytes, customer_id: str) -> str:
    """Return what a subscriber is called once erased: always the same under the same key."""
    return f"{_PREFIX}{lane_of(customer_id):03x}{_hash(key, b'subscriber', customer_id)}"


def contact_pseudonym(key: bytes, contact_id: str) -> str:
    """Return what a contact, or an override, of an erased subscriber is called."""
    return f"{_PREFIX}{_hash(key, b'contact', contact_id)}"


def check_value(key: bytes) -> str:
    """Return what tells whether a key is the one that pseudonyms were made with, without giving it away."""
    return _hash(key, b"key", "")


def _hash(key: bytes, kind: bytes, text: str) -> str:
    return hmac.digest(key, kind + b":" + text.encode(), "sha256").hex()[:_DIGITS]
