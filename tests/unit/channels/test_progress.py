"""The state machine of one order."""

from datetime import timedelta

import pytest

from services.channels.domain.progress import RECORDING_GRACE, after_sending, expired, leased, settle
from services.channels.domain.sending import Failed, Queued, Sent
from services.channels.domain.words import Channel, Outcome
from tests.unit.channels.making import NINE, ordered, standing

LATE = NINE + timedelta(days=2)


def test_a_contact_may_still_be_made_at_the_very_moment_it_expires() -> None:
    assert expired(standing(ordered()), LATE) is None


def test_a_contact_not_made_in_time_lapses() -> None:
    over = expired(standing(ordered()), LATE + timedelta(microseconds=1))
    assert over is not None
    assert (over.state, over.due_at, over.sent_at) == ("lapsed", None, None)


def test_who_called_at_the_last_minute_has_an_hour_to_type_it_in() -> None:
    listed = standing(ordered(), state="listed")
    assert expired(listed, LATE + RECORDING_GRACE - timedelta(seconds=1)) is None
    assert expired(listed, LATE + RECORDING_GRACE) is not None


def test_an_attempt_nobody_knows_the_end_of_counts_as_sent_when_its_time_is_over() -> None:
    item = standing(ordered(channel="sms"))
    unsure = standing(item.order, **_fields(leased(item.progress, "l", NINE)))
    over = expired(unsure, LATE + timedelta(seconds=1))
    assert over is not None
    assert (over.state, over.sent_at, over.due_at, over.lease) == ("sent", LATE, None, None)
    assert "unknown" in over.detail


def test_a_failed_attempt_that_certainly_did_not_arrive_may_lapse() -> None:
    item = standing(ordered(channel="sms"), state="sending", attempted=True, lease="l", leased_until=NINE)
    again = after_sending(item, Queued("c1", NINE + timedelta(minutes=1)), simulated=False)
    assert (again.state, again.attempted, again.lease) == ("waiting", False, None)
    over = expired(standing(item.order, **_fields(again)), LATE + timedelta(seconds=1))
    assert over is not None
    assert over.state == "lapsed"


def test_sending_ends_in_sent_failed_listed_or_another_try() -> None:
    item = standing(ordered())
    sent = after_sending(item, Sent("c1", NINE, NINE + timedelta(minutes=3)), simulated=True)
    assert (sent.state, sent.due_at, sent.simulated) == ("sent", NINE + timedelta(minutes=3), True)
    failed = after_sending(item, Failed("c1", "no such number"), simulated=False)
    assert (failed.state, failed.due_at, failed.detail) == ("failed", None, "no such number")
    listed = after_sending(item, Queued("c1"), simulated=False)
    assert (listed.state, listed.due_at) == ("listed", LATE + RECORDING_GRACE)
    unsure = after_sending(item, Queued("c1", NINE + timedelta(minutes=1), unsure=True), simulated=False)
    assert (unsure.state, unsure.attempted) == ("waiting", True)


@pytest.mark.parametrize(
    ("channel", "outcome"),
    [
        ("hall", "delivered"),
        ("hall", "no_answer"),
        ("outbound_call", "ignored"),
        ("sms", "no_answer"),
        ("web", "delivered"),
    ],
)
def test_an_outcome_a_channel_cannot_have_is_unsuitable(channel: Channel, outcome: Outcome) -> None:
    assert settle(standing(ordered(channel=channel)), outcome, NINE) == "unsuitable"


def test_nobody_may_make_a_contact_before_it_is_planned() -> None:
    assert settle(standing(ordered()), "accepted", NINE - timedelta(seconds=1)) == "too_early"
    assert settle(standing(ordered()), "accepted", NINE) == "record"


def test_the_first_outcome_wins_and_the_same_again_is_known() -> None:
    item = standing(ordered(), state="answered", sent_at=NINE, outcome="refused", answered_at=NINE)
    assert settle(item, "refused", NINE) == "known"
    assert settle(item, "accepted", NINE) == "closed"


@pytest.mark.parametrize("state", ["failed", "lapsed"])
def test_a_contact_that_was_given_up_has_no_outcome(state: str) -> None:
    assert settle(standing(ordered(), state=state), "accepted", NINE) == "closed"


def test_who_got_a_notice_may_still_object_to_it() -> None:
    item = standing(ordered(channel="sms"), state="answered", sent_at=NINE, outcome="delivered", answered_at=NINE)
    assert settle(item, "opt_out", NINE) == "record"
    assert settle(item, "unreachable", NINE) == "closed"


def test_a_receipt_that_comes_after_the_reply_says_nothing_new() -> None:
    item = standing(ordered(channel="sms"), state="answered", sent_at=NINE, outcome="refused", answered_at=NINE)
    assert settle(item, "delivered", NINE) == "known"


def _fields(progress: object) -> dict[str, object]:
    return {name: getattr(progress, name) for name in progress.__slots__}  # type: ignore[attr-defined]  # a slotted dataclass
