"""One structured log chain for all processes, in JSON or as text, with numbers and names redacted.

BANYAN_LOG_PERSONAL_DATA=shown switches the redaction off, for an investigation that cannot do without; the log says so
at every start.
"""

import logging
import os
import socket
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from shared.observability.correlation import correlation_id, serving_service
from shared.observability.redaction import redacted
from shared.observability.tracing import trace_id

_SHOWN = "BANYAN_LOG_PERSONAL_DATA"
_Event = MutableMapping[str, Any]


def configure_logging(style: str = "json", *, level: int = logging.INFO, service: str | None = None) -> None:
    """Set up structlog and the standard library's logging once for this process; `style` is `json` or `text`.

    Lines go to stderr. Every line tells service and replica (`service` is that of lines that belong to no request), and
    the correlation id and trace of the request it belongs to. Raises ValueError for another style.
    """
    if style not in {"json", "text"}:
        msg = f"log style {style!r} is unknown: json or text"
        raise ValueError(msg)
    is_shown = os.environ.get(_SHOWN) == "shown"
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.StackInfoRenderer(),
        *([] if is_shown else [redact]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Origin(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    last = structlog.processors.JSONRenderer(ensure_ascii=False) if style == "json" else _as_text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_strip, last]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.INFO))
    for chatty in ("nameko", "pika", "amqp", "kombu", "httpx"):  # their lines repeat ours, or quote payloads
        logging.getLogger(chatty).setLevel(logging.WARNING)
    _catch_what_nobody_caught()
    if is_shown:
        structlog.get_logger(__name__).critical(
            "personal_data_in_the_log",
            setting=f"{_SHOWN}=shown",
            warning="日志含用户号码与姓名，查完即删 / numbers and names of people are in this log from here on",
        )


def redact(_logger: object, _method: str, event: _Event) -> _Event:
    """Replace names and whatever looks like a number of a person, at any depth."""
    for key, value in list(event.items()):
        if not key.startswith("_"):  # the formatter's own
            event[key] = redacted(key, value)
    return event


class _Origin:
    """Adds whose line it is."""

    def __init__(self, service: str | None) -> None:
        self._service = service
        self._replica = f"{socket.gethostname()}-{os.getpid()}"

    def __call__(self, _logger: object, _method: str, event: _Event) -> _Event:
        event["replica"] = self._replica
        if service := serving_service() or self._service:
            event.setdefault("service", service)
        if found := correlation_id():
            event.setdefault("correlation_id", found)
        if trace := trace_id():
            event["trace_id"] = trace
        return event


def _strip(_logger: object, _method: str, event: _Event) -> _Event:
    """Drop what the formatter added for its own use."""
    return {key: value for key, value in event.items() if not key.startswith("_")}


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<8} {event.pop('event', '')}"
    trace = event.pop("exception", None)
    line = " ".join([head, *(f"{key}={value}" for key, value in event.items())])
    return f"{line}\n{trace}" if trace else line


def _catch_what_nobody_caught() -> None:
    """Have warnings and exceptions that end a thread or the process pass through the chain, too."""
    logging.captureWarnings(capture=True)
    log = structlog.get_logger("uncaught")

    def of_process(kind: type[BaseException], fault: BaseException, at: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, at)
        else:
            log.critical("process_failed", exc_info=(kind, fault, at))

    def of_thread(about: threading.ExceptHookArgs) -> None:
        if about.exc_value is not None and not issubclass(about.exc_type, SystemExit):
            log.critical("thread_failed", exc_info=(about.exc_type, about.exc_value, about.exc_traceback))

    sys.excepthook = of_process
    threading.excepthook = of_thread
