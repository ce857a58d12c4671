import msgspec
import pytest

from shared.kernel.faults import InvalidRequest
from shared.messaging.signature import Signature


class Item(msgspec.Struct):
    name: str


class Service:
    def put(self, items: list[Item], note: str = "") -> None: ...


def body(**kwargs: object) -> bytes:
    return msgspec.json.encode({"args": [], "kwargs": kwargs})


def test_a_text_that_no_database_can_keep_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequest) as refused:
        Signature(Service.put).decode(body(items=[{"name": "a"}, {"name": "b\x00"}]))
    assert refused.value.details["field"] == "items[1].name"


def test_the_same_letters_behind_a_backslash_are_an_ordinary_text() -> None:
    decoded = Signature(Service.put).decode(body(items=[], note="\\u0000"))
    assert decoded["note"] == "\\u0000"
