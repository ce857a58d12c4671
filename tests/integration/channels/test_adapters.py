"""One suite for everything that stands behind the port of a channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.channels.adapters.hall import Hall
from services.channels.adapters.hotline import Hotline
from services.channels.adapters.outbound_call import OutboundCall
from services.channels.adapters.simulator import Simulator
from services.channels.adapters.sms import RETRY_AFTER, Sms
from services.channels.adapters.web import Web
from services.channels.application.ports import ChannelAdapter, SmsMessage, Submission
from services.channels.domain.sending import Failed, Queued, Sent
from services.channels.domain.words import SUITABLE, Channel
from tests.unit.channels.making import NINE, Gateway, ordered


@dataclass
class FakeSmsGateway:
    """Takes every message, or answers as told by id."""

    answers: dict[str, Submission] = field(default_factory=dict)
    taken: list[SmsMessage] = field(default_factory=list)

    def submit(self, messages: Sequence[SmsMessage]) -> list[Submission]:
        self.taken += messages
        return [self.answers.get(m.message_id) or Submission(m.message_id, is_accepted=True) for m in messages]


_REAL: dict[Channel, ChannelAdapter] = {
    "hall": Hall(),
    "outbound_call": OutboundCall(),
    "hotline": Hotline(),
    "sms": Sms(FakeSmsGateway()),
    "web": Web(),
}
_ALL: list[tuple[Channel, ChannelAdapter]] = [
    *_REAL.items(),
    *((channel, Simulator("7")) for channel in _REAL),
    ("sms", Gateway()),
]


@pytest.mark.parametrize(("channel", "adapter"), _ALL)
def test_every_order_gets_exactly_one_result_and_the_same_again(channel: Channel, adapter: ChannelAdapter) -> None:
    orders = [ordered(f"c{number}", channel=channel, propensity={"accepted": 0.4}) for number in range(50)]
    results = adapter.send(orders, NINE)
    assert sorted(result.contact_id for result in results) == sorted(order.contact_id for order in orders)
    assert list(adapter.send(orders, NINE)) == list(results)
    assert list(adapter.send([], NINE)) == []


@pytest.mark.parametrize(("channel", "adapter"), _ALL)
def test_what_is_queued_comes_up_later_and_never_now(channel: Channel, adapter: ChannelAdapter) -> None:
    orders = [ordered(f"c{number}", channel=channel, expires_at=NINE + timedelta(days=9)) for number in range(50)]
    for result in adapter.send(orders, NINE):
        if isinstance(result, Queued) and result.again_at is not None:
            assert result.again_at > NINE
        if isinstance(result, Sent):
            assert result.at <= NINE
            assert result.answer_due_at is None or result.answer_due_at > result.at


@pytest.mark.parametrize(("channel", "adapter"), _ALL)
def test_answers_suit_the_channel_and_come_only_of_what_was_asked(channel: Channel, adapter: ChannelAdapter) -> None:
    orders = [ordered(f"c{number}", channel=channel, propensity={"accepted": 0.5}) for number in range(50)]
    answers = adapter.answers(orders)
    names = [answer.contact_id for answer in answers]
    assert len(set(names)) == len(names)
    assert set(names) <= {order.contact_id for order in orders}
    assert {answer.outcome for answer in answers} <= SUITABLE[channel]


def test_an_sms_says_the_chinese_script_or_else_the_english_one() -> None:
    gateway = FakeSmsGateway()
    Sms(gateway).send([ordered("a"), ordered("b", script_zh="")], NINE)
    assert gateway.taken == [SmsMessage("a", "customer-of-a", "您好"), SmsMessage("b", "customer-of-b", "Hello")]


def test_what_a_gateway_did_decides_what_becomes_of_the_contact() -> None:
    gateway = FakeSmsGateway(
        {
            "b": Submission("b", is_accepted=False, reason="no such number", is_final=True),
            "c": Submission("c", is_accepted=False, may_have_arrived=True),
            "d": Submission("d", is_accepted=False),
        }
    )
    assert Sms(gateway).send([ordered(name) for name in "abcd"], NINE) == [
        Sent("a", NINE),
        Failed("b", "no such number"),
        Queued("c", NINE + RETRY_AFTER, unsure=True),
        Queued("d", NINE + RETRY_AFTER),
    ]
