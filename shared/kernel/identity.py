"""Names for things: deterministic ids, so that the same work done twice has the same name."""

import hashlib
from base64 import b32encode

_DIGEST_BYTES = 15  # 120 bits: 24 base-32 letters, no padding; a collision among 10^12 ids has odds below 10^-12


def derive_id(*parts: str) -> str:
    """Return 24 letters and digits derived from `parts`; equal parts give equal ids, in every process.

    A contact's id is derived from what makes it that contact (campaign, phase, step, subscriber, attempt),
    so a redelivered message or a restarted launch names the same contact and can be recognised.
    """
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=_DIGEST_BYTES).digest()
    return b32encode(digest).decode().lower()


def unit_interval(*parts: str) -> float:
    """Return a number in [0, 1) derived from `parts`: salted, uniform, the same everywhere.

    Cells and simulated answers draw from it, so neither depends on the order in which subscribers come.
    """
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)
