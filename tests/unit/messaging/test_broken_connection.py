from types import SimpleNamespace

import pytest

from shared.messaging.container import BusConsumer


def broken(*_: object, **__: object) -> None:
    raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("settle", ["ack_message", "requeue_message", "reject_message"])
def test_a_broker_that_is_gone_when_a_message_is_settled_does_not_end_the_container(settle: str) -> None:
    channel = SimpleNamespace(connection=object())
    message = SimpleNamespace(channel=channel, delivery_info={}, ack=broken, requeue=broken, reject=broken)
    getattr(BusConsumer(), settle)(message)
