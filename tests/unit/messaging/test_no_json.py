"""Bytes that look like a request and are none: they must never be anything but a refusal, or they end the container."""

from typing import Any

import pytest

from shared.messaging.signature import MalformedBody, Signature

DEEP = b"[" * 100_000 + b"]" * 100_000


class Service:
    def put(self, items: list[str], plan: dict[str, Any], note: str = "") -> None: ...


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"args": [], "kwargs": {"items": ["\xe9"], "plan": {}}}', id="a text that is not UTF-8"),
        pytest.param(b'{"args": [], "kwargs": {"\xe9": 1}}', id="a name that is not UTF-8"),
        pytest.param(b'{"args": [["\xe9"], {}], "kwargs": {}}', id="not UTF-8 by position"),
        pytest.param(b'{"args": [], "\xe9": 1, "kwargs": {}}', id="an envelope that is not UTF-8"),
        pytest.param(b'{"args": [], "kwargs": {"items": [], "plan": {"a": ' + DEEP + b"}}}", id="nesting without end"),
        pytest.param(b'{"args": [' + DEEP + b'], "kwargs": {}}', id="nesting without end by position"),
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        Signature(Service.put).decode(body)
