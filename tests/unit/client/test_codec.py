"""What the client writes and reads without a broker."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.client.codec import JSON
from shared.client.errors import BanyanError, InvalidRequest, NotFound, RemoteFault
from shared.messaging import wire

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(min_size=1), values, max_size=3))
def test_what_json_can_hold_arrives_as_it_was(arguments: dict[str, object]) -> None:
    body = JSON.encode(arguments).replace(b'{"args":[],"kwargs":', b'{"error":null,"result":', 1)
    assert JSON.decode(body) == arguments


def test_days_and_instants_are_written_as_iso_text() -> None:
    body = JSON.encode({"at": datetime(2026, 3, 2, 1, tzinfo=UTC), "on": date(2026, 3, 2)})
    assert body == b'{"args":[],"kwargs":{"at":"2026-03-02T01:00:00+00:00","on":"2026-03-02"}}'


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), object(), {1, 2}, b"bytes", "\ud800", datetime(2026, 3, 2)],  # noqa: DTZ001 - that is what is wrong with it
)
def test_what_json_cannot_hold_is_refused_where_it_is_asked(value: object) -> None:
    with pytest.raises(InvalidRequest):
        JSON.encode({"value": value})


@pytest.mark.parametrize("code", ["invalid_request", "not_found", "not_allowed", "unavailable", "invalid_plan"])
def test_the_client_reads_faults_as_services_write_them(code: str) -> None:
    written = wire.encode_fault(wire.decode_fault(wire.WireFault("", "", [code, "no", {"field": "x"}], "")))
    with pytest.raises(BanyanError) as told:
        JSON.decode(written)
    assert (told.value.code, told.value.message, told.value.details) == (code, "no", {"field": "x"})


def test_an_error_of_a_foreign_service_keeps_its_words() -> None:
    with pytest.raises(RemoteFault, match="internal_fault: ValueError: no"):
        JSON.decode(b'{"result": null, "error": {"exc_type": "ValueError", "exc_args": ["no"], "value": "no"}}')


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"error": null}', b"[" * 100_000, b"null"])
def test_what_is_no_reply_is_told_as_such(body: bytes) -> None:
    with pytest.raises(RemoteFault) as told:
        JSON.decode(body)
    assert told.value.code == "invalid_reply"


def test_every_error_can_be_caught_as_one_kind() -> None:
    with pytest.raises(BanyanError, match="not_found: there is no campaign x"):
        raise NotFound("there is no campaign x")
