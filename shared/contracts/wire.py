"""The two bases of everything on the wire, and the closed word lists that several services share."""

from typing import Literal, get_args

import msgspec

Channel = Literal["hall", "outbound_call", "sms", "hotline", "web"]
"""Where a contact takes place: business hall screen, outbound call, SMS, hotline (IVR and agent), web and WAP zone."""

Direction = Literal["outbound", "inbound"]
Purpose = Literal["marketing", "service"]
"""`service` covers notices the operator owes the subscriber; policies say whether they count."""

Outcome = Literal[
    "accepted", "refused", "later", "no_answer", "unreachable", "complaint", "opt_out", "delivered", "ignored"
]
"""What came of a contact. Reached: accepted, refused, later, complaint, opt_out, ignored, delivered."""

ListName = Literal["black", "grey", "red", "special_card", "opt_out"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
CHANNELS: tuple[Channel, ...] = ("hall", "outbound_call", "sms", "hotline", "web")
LIST_NAMES: tuple[ListName, ...] = ("black", "grey", "red", "special_card", "opt_out")
REACHED: frozenset[Outcome] = frozenset(
    {"accepted", "refused", "later", "complaint", "opt_out", "ignored", "delivered"}
)

INTERACTIVE_LIMIT = 200
"""The most items one call to an interactive service may carry; more goes to the service's `_bulk` twin."""

BULK_LIMIT = 5_000
"""The most items one bulk call or one page may carry, so that no message outgrows a worker's memory."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what callers send: an unknown field is a mistake, and is named."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of replies and events: readers ignore fields that later releases add."""


class Reason(Told, frozen=True, kw_only=True):
    """Why a decision came out as it did."""

    rule_id: str
    rule_version: str
    text: str
    """In Chinese and English, separated by ` / `: what an agent can read to the subscriber."""


class RowFault(Told, frozen=True, kw_only=True):
    """One item of a batch that was refused; the others were kept."""

    index: int
    """Position in the batch, from 0; for a file the line, from 1."""
    field: str
    message: str
