"""What stands in every line, and that redaction ends only where somebody says so aloud."""

import json
import os
import subprocess
import sys
from typing import Any

_PROGRAM = """
import logging, threading, warnings
import structlog
from shared.observability.correlation import carrying, CORRELATION, TRACEPARENT
from shared.observability.logging import configure_logging
configure_logging("json", service="governance relay")
log = structlog.get_logger()
log.info("outside")
trace = "4bf92f3577b34da6a3ce929d0e0e4736"
with carrying({CORRELATION: "visit-7", TRACEPARENT: f"00-{trace}-00f067aa0ba902b7-01"}, "governance"):
    log.info("inside", to="+86 138-0013-8000", name="李伟")
    logging.getLogger("library").warning("to %s", "138 0013 8000")
warnings.warn("of 13800138000", UserWarning)
def fail():
    raise ValueError("number 13800138000")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def lines(**environment: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")} | environment,
    )
    assert done.returncode == 1
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_says_whose_it_is_and_nobodys_number_is_in_any() -> None:
    told = lines()
    outside, inside, library, warning, thread, process = told
    assert "138" not in "".join(json.dumps({**line, "replica": "", "timestamp": ""}) for line in told)
    assert len({line["replica"] for line in told}) == 1
    assert (outside["service"], "correlation_id" in outside, "trace_id" in outside) == (
        "governance relay",
        False,
        False,
    )
    for line in (inside, library):
        assert (line["service"], line["correlation_id"]) == ("governance", "visit-7")
        assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (inside["to"], inside["name"]) == ("[redacted]", "[redacted]")
    assert "UserWarning" in warning["event"]
    assert [line["event"] for line in (thread, process)] == ["thread_failed", "process_failed"]
    assert "ValueError: number [redacted]" in process["exception"]


def test_personal_data_is_shown_only_where_it_is_asked_for_and_the_log_says_so_first() -> None:
    first, _, inside, *_ = lines(BANYAN_LOG_PERSONAL_DATA="shown")
    assert (first["event"], first["level"]) == ("personal_data_in_the_log", "critical")
    assert (inside["to"], inside["name"]) == ("+86 138-0013-8000", "李伟")
    for other in ("", "1", "true", "hidden"):
        assert lines(BANYAN_LOG_PERSONAL_DATA=other)[1]["name"] == "[redacted]"
