"""Logs carry the correlation id and no personal data."""

import json
import subprocess
import sys

import pytest

from shared.observability.logging import configure_logging, redact

_PROGRAM = """
import logging, structlog
from shared.observability.correlation import carrying, CORRELATION
from shared.observability.logging import configure_logging
configure_logging({style!r})
with carrying({{CORRELATION: "visit-7"}}):
    structlog.get_logger().warning("refused", caller=13800138000, name="Li", detail={{"to": ["call 13912345678"]}})
    logging.getLogger("other").warning("foreign line about 13800138000")
    try:
        raise ValueError("bad number 13800138000")
    except ValueError:
        structlog.get_logger().exception("broken")
"""


def lines(style: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(style=style)], check=True, capture_output=True, text=True
    )
    return done.stderr.splitlines()


def test_json_lines_carry_the_correlation_id_and_redact_people() -> None:
    first, foreign, broken = (json.loads(line) for line in lines("json"))
    assert first["correlation_id"] == foreign["correlation_id"] == "visit-7"
    assert (first["caller"], first["name"]) == ("[redacted]", "[redacted]")
    assert first["detail"] == {"to": ["call [redacted]"]}
    assert foreign["event"] == "foreign line about [redacted]"
    assert "ValueError" in broken["exception"]


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_number_gets_through(style: str) -> None:
    written = "\n".join(lines(style))
    assert "13800138000" not in written
    assert "13912345678" not in written
    assert "visit-7" in written


def test_longer_numbers_and_other_figures_stay() -> None:
    event = {"micros": 1772413200000000, "text": "order 2138001380001", "flag": True, "count": 12345678901}
    assert redact(None, "", dict(event)) == {**event, "count": "[redacted]"}


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="json or text"):
        configure_logging("xml")
