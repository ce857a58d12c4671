"""What of a refused cell may be shown: numbers as long as a subscriber's, and ids, only at their ends."""

import re

_LONG_NUMBER = re.compile(r"\d{7,}")
_LEAST = 8  # letters: of what is shorter only the first is shown


def masked(text: str) -> str:
    """Return a text of which the first three and the last two letters are left, of a short one the first."""
    if len(text) < _LEAST:
        return text[:1] + "*" * (len(text) - 1)
    return text[:3] + "*" * (len(text) - 5) + text[-2:]


def redacted(text: str) -> str:
    """Return a text with its long numbers masked."""
    return _LONG_NUMBER.sub(lambda found: masked(found[0]), text)
