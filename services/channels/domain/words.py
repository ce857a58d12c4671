"""The closed word lists of this service, and which outcomes suit which channel."""

from collections.abc import Mapping
from typing import Final, Literal

Channel = Literal["hall", "outbound_call", "sms", "hotline", "web"]
Outcome = Literal[
    "accepted", "refused", "later", "no_answer", "unreachable", "complaint", "opt_out", "delivered", "ignored"
]
State = Literal["waiting", "sending", "listed", "sent", "answered", "failed", "lapsed"]
"""waiting: its time has not come. sending: handed to the outside, end not yet known. listed: on a work list until
somebody records an outcome. sent: took place, answer open. The other three are final."""

REPLIES: Final[frozenset[Outcome]] = frozenset({"accepted", "refused", "later", "complaint", "opt_out"})
"""What a subscriber says in so many words."""

_CALL: Final[frozenset[Outcome]] = REPLIES | {"no_answer", "unreachable"}

SUITABLE: Final[Mapping[Channel, frozenset[Outcome]]] = {
    "hall": REPLIES | {"ignored"},
    "outbound_call": _CALL,
    "hotline": _CALL,
    "sms": REPLIES | {"delivered", "ignored", "unreachable"},
    "web": REPLIES | {"ignored"},
}
"""Only an SMS is delivered, only a call rings unanswered."""

SPOKEN: Final[frozenset[Channel]] = frozenset({"hall", "outbound_call", "hotline", "sms"})
"""Channels that need a script: a clerk, an agent or a message says it. A web banner brings its own artwork."""
