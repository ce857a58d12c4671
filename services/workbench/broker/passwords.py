"""Passwords of the broker's users: taken from the environment, kept as RabbitMQ's salted SHA-256."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from services.workbench.broker.users import User
from shared.kernel.environment import FaultySettings

ALGORITHM = "rabbit_password_hashing_sha256"
VARIABLE = "BANYAN_AMQP_PASSWORD"
_SHORTEST = 12
_SALT_BYTES = 4
_KNOWN = {"change-me", "guest"}


def passwords_of(users: Sequence[User], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the password of every user; raises FaultySettings naming every variable that is missing or too weak."""
    found = {user.name: environment.get(f"{VARIABLE}_{user.variable}") or "" for user in users}
    weak = [user for user in users if len(found[user.name]) < _SHORTEST or found[user.name] in _KNOWN]
    if weak:
        faults = [f"{VARIABLE}_{user.variable} must hold at least {_SHORTEST} characters" for user in weak]
        raise FaultySettings("; ".join(faults), details={"faults": faults})
    return found


def hash_of(password: str, salt: bytes | None = None) -> str:
    """Return what the broker keeps instead of a password; with a fresh salt unless one is given."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def is_hash_of(kept: str, password: str) -> bool:
    """Tell whether `kept` was made from this password."""
    try:
        salt = base64.b64decode(kept, validate=True)[:_SALT_BYTES]
    except ValueError:
        return False
    return hmac.compare_digest(hash_of(password, salt), kept)
