"""What travels, as `shared.contracts.wire` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Literal, TypedDict

Instant = str
"""An instant as ISO 8601 text with a UTC offset, as `datetime.isoformat` writes it."""

Day = str
"""A day as ISO 8601 text: `2026-03-02`."""


Channel = Literal["hall", "outbound_call", "sms", "hotline", "web"]


Direction = Literal["outbound", "inbound"]


Purpose = Literal["marketing", "service"]


Outcome = Literal[
    "accepted", "refused", "later", "no_answer", "unreachable", "complaint", "opt_out", "delivered", "ignored"
]


ListName = Literal["black", "grey", "red", "special_card", "opt_out"]


class Reason(TypedDict):
    """Why a decision came out as it did."""

    rule_id: str
    rule_version: str
    text: str
    """In Chinese and English, separated by ` / `: what an agent can read to the subscriber."""


class RowFault(TypedDict):
    """One item of a batch that was refused; the others were kept."""

    index: int
    """Position in the batch, from 0; for a file the line, from 1."""
    field: str
    message: str
