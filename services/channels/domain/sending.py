"""What came of handing contacts to a channel, and what subscribers answered."""

from dataclasses import dataclass
from datetime import datetime

from services.channels.domain.words import Outcome


@dataclass(frozen=True, slots=True)
class Sent:
    """The contact took place (or began) at `at`; an answer can be collected from `answer_due_at` on, if ever."""

    contact_id: str
    at: datetime
    answer_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The contact did not take place and will not."""

    contact_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The contact has not taken place yet: try at `again_at`; null: it waits on a work list for a person.

    `unsure`: an attempt was made and nobody knows whether it reached the subscriber (a time-out, say).
    """

    contact_id: str
    again_at: datetime | None = None
    unsure: bool = False


Sending = Sent | Failed | Queued


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a contact, and when."""

    contact_id: str
    outcome: Outcome
    at: datetime
    detail: str = ""
