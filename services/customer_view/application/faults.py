"""What a caller can ask wrongly, with the code that goes over the bus."""

from collections.abc import Mapping

from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound, Unavailable


class BatchTooLarge(InvalidRequest):
    """More items than one call may carry; the bulk service takes more, and more still comes in pages."""

    code = "batch_too_large"


class UnknownCustomer(NotFound):
    """No subscriber has this id."""

    code = "unknown_customer"


class UnknownAudience(NotFound):
    """No audience has this id."""

    code = "unknown_audience"


class UnknownRule(NotFound):
    """`checks` names an eligibility rule the rule set does not hold."""

    code = "unknown_rule"


class AudienceKeyTaken(NotAllowed):
    """The key belongs to an audience made for another query."""

    code = "audience_key_taken"


class WritersMet(Unavailable):
    """Others wrote some of the same subscribers at the same moment; nothing is stored, and the same again will do."""


class UnreadableFile(InvalidRequest):
    """A file that cannot be imported, or not to its end; `details["reason"]` is one of the codes below.

    no_such_file, empty_file, wrong_encoding, missing_columns, ambiguous_columns, broken_file, unknown_format.
    """

    code = "unreadable_file"

    def __init__(self, reason: str, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message, details={"field": "file", "reason": reason, **(details or {})})
        self.code = reason


class FeedTaken(NotAllowed):
    """Another process moves the same feed at the same time."""

    code = "feed_taken"


class RejectsLost(NotAllowed):
    """The file with the refusals of a feed that goes on is not there, or shorter than it was."""

    code = "rejects_lost"


class FeedMismatch(NotAllowed):
    """A name belongs to a feed of another kind."""

    code = "feed_mismatch"
