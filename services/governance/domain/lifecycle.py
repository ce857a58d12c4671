"""A contact's life in the ledger: reserved, then confirmed or released; a reservation nobody confirms lapses."""

from typing import Literal, NamedTuple

from services.governance.domain.contacts import Contact, State

TellableState = Literal["reserved", "confirmed", "released", "expired", "suppressed"]


class LedgerEntry(NamedTuple):
    """A permitted contact, or one that took place without permission (then `is_overrun`)."""

    contact: Contact
    state: State
    expires_at: int
    contacted_at: int | None
    is_overrun: bool
    note: str

    @property
    def last_at(self) -> int:
        """The last moment at which windows count the contact."""
        return self.contact.at if self.contacted_at is None else max(self.contact.at, self.contacted_at)


def is_live(entry: LedgerEntry, now: int) -> bool:
    """Tell whether the contact takes up room."""
    return entry.state == "confirmed" or (entry.state == "reserved" and now < entry.expires_at)


def state_of(entry: LedgerEntry, now: int) -> TellableState:
    """Return the state as callers know it; a lapsed reservation is `expired`."""
    return "expired" if entry.state == "reserved" and now >= entry.expires_at else entry.state


def confirm(entry: LedgerEntry, took_place_at: int, now: int) -> LedgerEntry:
    """Note that the contact took place; one whose place was given up counts all the same, and is flagged."""
    if entry.state == "confirmed":
        return entry
    overrun = entry.is_overrun or not is_live(entry, now)
    return entry._replace(state="confirmed", contacted_at=took_place_at, is_overrun=overrun)


def release(entry: LedgerEntry, reason: str) -> LedgerEntry:
    """Give the place back; what took place cannot be released."""
    return entry._replace(state="released", note=reason) if entry.state == "reserved" else entry


def overrun(contact: Contact, took_place_at: int) -> LedgerEntry:
    """Return the entry of a contact that took place although it had been suppressed."""
    return LedgerEntry(contact, "confirmed", took_place_at, took_place_at, is_overrun=True, note="")
