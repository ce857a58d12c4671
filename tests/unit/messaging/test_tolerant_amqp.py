"""Properties that py-amqp cannot read, or reads into what nameko cannot: the message arrives all the same."""

import struct

import pika
import pytest
from amqp import serialization, spec

from shared.messaging import tolerant_amqp


def read(properties: pika.BasicProperties) -> dict[str, object]:
    """Return what py-amqp makes of properties as pika writes them."""
    tolerant_amqp.install()
    written = b"".join(properties.encode())
    found, _ = serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID](written, 0)
    return dict(found.get("application_headers") or {}) | {"reply_to": found.get("reply_to")}


@pytest.mark.parametrize(
    "properties",
    [
        pika.BasicProperties(reply_to="a", correlation_id=b"\xff"),
        pika.BasicProperties(reply_to="a", content_type=b"\xff"),
        pika.BasicProperties(reply_to="a", headers={b"\xff": "x"}),
        pika.BasicProperties(reply_to="a", headers={"good": "x", b"\xfe": 7}),
    ],
    ids=["correlation id", "content type", "name of a header", "name of one of two headers"],
)
def test_properties_nobody_can_read_are_replaced_by_the_reason(properties: pika.BasicProperties) -> None:
    found = read(properties)
    assert tolerant_amqp.unreadable(found)
    assert found["reply_to"] is None


def test_a_moment_beyond_the_calendar_is_no_reason_to_end() -> None:
    moment = b"\x01tT" + struct.pack(">Q", 2**64 - 1)
    written = struct.pack(">H", 0x2000) + struct.pack(">I", len(moment)) + moment
    tolerant_amqp.install()
    found, _ = serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID](written, 0)
    assert tolerant_amqp.unreadable(found["application_headers"])


def test_good_properties_stay_as_they_are() -> None:
    found = read(pika.BasicProperties(reply_to="a", headers={"banyan.correlation_id": "一"}))
    assert found == {"banyan.correlation_id": "一", "reply_to": "a"}
