from types import SimpleNamespace

import pytest
from kombu import Connection

from shared.messaging.container import BusConsumer


def broken(*_: object, **__: object) -> None:
    raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("settle", ["ack_message", "requeue_message", "reject_message"])
def test_a_broker_that_is_gone_when_a_message_is_settled_does_not_end_the_container(settle: str) -> None:
    channel = SimpleNamespace(connection=object())
    message = SimpleNamespace(channel=channel, delivery_info={}, ack=broken, requeue=broken, reject=broken)
    getattr(BusConsumer(), settle)(message)


def test_a_broker_that_comes_back_after_long_is_asked_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection("amqp://127.0.0.1:1/")  # where nobody listens
    waits: list[float] = []

    def tell(_fault: Exception, interval: float) -> None:
        waits.append(interval)
        if len(waits) == 30:
            raise KeyboardInterrupt  # or it would be asked for ever

    consumer = BusConsumer()
    consumer.create_connection = lambda: connection
    consumer.on_connection_error = tell
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _seconds: None)
    with pytest.raises(KeyboardInterrupt), consumer.establish_connection():
        pass
    assert 0 < max(waits) <= 5
