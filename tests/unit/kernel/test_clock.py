from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import AcceleratedClock, FileClock, SkewedClock, SteeredClock, SystemClock, parse_clock

START = datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_the_system_clock_tells_utc() -> None:
    assert parse_clock("system").now().tzinfo is UTC
    assert isinstance(parse_clock(""), SystemClock)


def test_a_steered_clock_stands_still_until_moved_and_never_goes_back() -> None:
    clock = SteeredClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.move_to(START)


def test_processes_that_share_the_figures_agree_on_the_accelerated_time() -> None:
    text = "accelerated;2026-03-02T09:00:00+08:00;60;1000000000"
    one, other = parse_clock(text), parse_clock(text)
    assert isinstance(one, AcceleratedClock)
    assert abs(one.now() - other.now()) < timedelta(seconds=60)
    assert one.now() > START


def test_a_file_clock_follows_at_once_whoever_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "now"
    path.write_text("2026-03-02T09:00:00+08:00")
    clock = parse_clock(f"file;{path}")
    assert isinstance(clock, FileClock)
    for hour in range(1, 9):
        assert clock.now() == START + timedelta(hours=hour - 1)
        later = tmp_path / "later"
        later.write_text(f"2026-03-02T{9 + hour:02d}:00:00+08:00")
        later.replace(path)
    assert clock.now() == START + timedelta(hours=8)


@pytest.mark.parametrize("seconds", [90, -420])
def test_a_skewed_clock_runs_ahead_or_behind_by_so_many_seconds(seconds: int) -> None:
    clock = parse_clock(f"skewed;{seconds:+d}")
    assert isinstance(clock, SkewedClock)
    before = datetime.now(UTC)
    told = clock.now() - timedelta(seconds=seconds)
    assert before <= told <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sundial", "unknown clock"),
        ("accelerated;2026-03-02T09:00:00;1;0", "no UTC offset"),
        ("accelerated;2026-03-02T09:00:00+08:00;fast;0", "could not convert"),
        ("accelerated;1", "unknown clock"),
        ("skewed;soon", "could not convert"),
        ("skewed", "unknown clock"),
    ],
)
def test_a_clock_setting_that_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_clock(text)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_steered_clock_tells_the_moment_it_was_given(moment: datetime) -> None:
    assert SteeredClock(moment.replace(tzinfo=UTC)).now() == moment.replace(tzinfo=UTC)
