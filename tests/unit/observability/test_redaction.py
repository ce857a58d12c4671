"""Nothing that tells who somebody is gets into a log, however it is written and wherever it stands."""

import logging
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.observability.logging import redact
from shared.observability.redaction import REDACTED, redacted, redacted_text

NUMBERS = st.builds(lambda second, rest: f"1{second}{rest:09d}", st.integers(3, 9), st.integers(0, 10**9 - 1))
GAPS = st.sampled_from(["", " ", "-", "\u00a0", " - ", ".", "\u2011", "\u200b"])
PREFIXES = st.sampled_from(["", "+86", "+86 ", "0086", "86", "86-", "(+86)", "00 86 ", "+ 86", "0"])
LETTERS = st.text(st.characters(blacklist_categories=["Nd", "Nl", "No", "Cs"]), max_size=20)


class Person(msgspec.Struct):
    note: str


@dataclass
class Visit:
    note: str


class Opaque:
    def __init__(self, note: str) -> None:
        self.note = note

    def __repr__(self) -> str:
        return f"<Opaque {self.note}>"


def nested(note: str, number: str) -> st.SearchStrategy[Any]:
    plain = st.sampled_from(
        [note, note.encode(), Person(note), Visit(note), Opaque(note), ValueError(note), int(number), float(number)]
    )
    return st.recursive(
        plain,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=2)
            | st.builds(lambda value: {"detail": value}, inner)
            | st.builds(lambda value: (value,), inner)
            | st.builds(lambda value: {note: value}, inner)
        ),
        max_leaves=4,
    )


@st.composite
def events(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a number, and something logged that holds it in some form at some depth."""
    number = draw(NUMBERS)
    sizes = draw(st.sampled_from([(3, 4, 4), (11,), (1,) * 11, (3, 8), (7, 4), (2, 3, 3, 3)]))
    ends = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    gap = draw(GAPS)
    written = gap.join(number[start:end] for start, end in pairwise(ends))
    note = draw(LETTERS) + draw(PREFIXES) + written + draw(LETTERS)
    return number, draw(nested(note, number))


def digits(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isdigit())


@given(events())
def test_no_number_survives_in_any_form_at_any_depth(event: tuple[str, Any]) -> None:
    number, logged = event
    shown = redact(None, "", {"event": "told", "logged": logged})
    assert number[1:] not in digits(shown)


@pytest.mark.parametrize(
    "text",
    [
        "[SQL: INSERT INTO s]\n[parameters: {'a': '李伟', 'b': ['x]', 2]}]\n(Background on this error)",
        "[SQL: SELECT 1]\n[parameters: ('李伟', '北京路', 7)]",
        "DETAIL:  Failing row contains (7, 李伟, f).",
        "DETAIL:  Key (name)=(李伟) already exists.",
        "Customer(customer_id='s1', name='李伟')",
        '{"customer_name": "李伟"}',
        '{\\"name\\": \\"李伟\\"}',
        "姓名：李伟，语言：zh",
        "contact_name=李伟 asked",
    ],
)
def test_names_go_with_their_keys_and_statements_lose_their_parameters(text: str) -> None:
    assert "李伟" not in redacted_text(text)
    assert "北京路" not in redacted_text(text)


@pytest.mark.parametrize(
    "number",
    ["89860012345678901234", "8986001234567890123", "898600MFSSYYGXXXXXXP", "460001234567890", "11010519491231002X"],
)
def test_cards_and_identity_numbers_are_redacted(number: str) -> None:
    assert redacted_text(f"of {number}.") == f"of {REDACTED}."


def test_what_is_nobodys_number_stays() -> None:
    stays = (
        "order 2138001380001 took 1772413200000000 µs on 127.0.0.1:5672 at 2026-11-22T12:05:46 under 3f2a9c01d4e7,"
        " trace 4bf9213800138000a3ce929d0e0e4736, id 2f1ce1a4-1380-5013-8000-00f067aa0ba9, service_name='governance'"
    )
    assert redacted_text(stays) == stays
    assert redacted("seconds", 1.25) == 1.25


def test_personal_keys_hide_whatever_they_hold() -> None:
    assert redacted("x", {"imsi": [1], "name": {"first": "Li"}, "id_card": None, "queue_name": "q"}) == {
        "imsi": REDACTED,
        "name": REDACTED,
        "id_card": None,
        "queue_name": "q",
    }


def test_a_value_that_contains_itself_or_cannot_be_shown_does_not_break_the_line() -> None:
    endless: list[object] = []
    endless.append(endless)

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert "Broken" in str(redacted("x", Broken()))
    assert REDACTED in str(redacted("x", endless))
    assert len(redacted_text("long " * 100_000)) < 21_000


def test_the_standard_librarys_records_are_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    del capsys
    record = logging.LogRecord(
        "httpx", logging.INFO, "", 1, "POST /to/%s for %r", ("138 0013 8000", {"name": "李伟"}), None
    )
    shown = redact(None, "", {"event": record.getMessage()})["event"]
    assert "0013" not in shown
    assert "李伟" not in shown
