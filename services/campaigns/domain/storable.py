"""Which texts every database can keep."""


def is_storable(text: str) -> bool:
    """Say whether the text can be stored: no NUL, no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
