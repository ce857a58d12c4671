"""Bring a running broker to what it should be; the same again changes nothing."""

from collections.abc import Mapping, Sequence

from services.workbench.broker.comparing import Difference, differences
from services.workbench.broker.definitions import Document
from services.workbench.broker.management import Management
from services.workbench.broker.passwords import hash_of, is_hash_of


def hashes_for(passwords: Mapping[str, str], found: Document) -> dict[str, str]:
    """Return a hash per password: the one the broker keeps already where it is of this password."""
    kept = {user["name"]: user.get("password_hash", "") for user in found.get("users", [])}
    return {
        name: kept[name] if name in kept and is_hash_of(kept[name], password) else hash_of(password)
        for name, password in passwords.items()
    }


def apply(
    management: Management, wanted: Document, found: Document, passwords: Mapping[str, str], *, prune: bool
) -> list[Difference]:
    """Load the document if anything differs; return what differed.

    `prune` also removes users and bindings that nobody asked for; queues are never deleted, since they may hold
    messages. A queue that exists with other arguments stays as it is: `banyan broker check` goes on naming it.
    """
    before = differences(wanted, found, passwords)
    if any(one.problem != "unexpected" for one in before):
        management.load(wanted)
    if prune:
        _remove(management, before)
    return before


def _remove(management: Management, before: Sequence[Difference]) -> None:
    for one in before:
        if one.problem == "unexpected" and one.kind == "user":
            management.remove_user(one.name)
        elif one.problem == "unexpected" and one.kind == "binding":
            management.remove_binding(one.found)
