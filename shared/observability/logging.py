"""One structured log chain for all processes, in JSON or as text, with numbers and names redacted."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from shared.observability.correlation import correlation_id

_MSISDN = re.compile(r"(?<!\d)1\d{10}(?!\d)")
_REDACTED = "[redacted]"
_PERSONAL = frozenset({"name", "msisdn", "phone", "phone_number", "customer_name"})


def configure_logging(style: str = "json", *, level: int = logging.INFO) -> None:
    """Set up structlog and the standard library's logging once for this process; `style` is `json` or `text`.

    Lines go to stderr. Every line carries the correlation id of the request it belongs to. Raises ValueError for
    another style.
    """
    if style not in {"json", "text"}:
        msg = f"log style {style!r} is unknown: json or text"
        raise ValueError(msg)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation,
        structlog.processors.format_exc_info,
        redact,
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
    for chatty in ("nameko", "pika", "amqp", "kombu"):  # their lines repeat ours, or quote payloads
        logging.getLogger(chatty).setLevel(logging.WARNING)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace names and whatever looks like a mobile number (11 digits that begin with 1), at any depth."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def _redacted(key: str, value: object) -> object:
    if key in _PERSONAL:
        return _REDACTED
    if isinstance(value, str):
        return _MSISDN.sub(_REDACTED, value)
    if isinstance(value, int) and not isinstance(value, bool) and _MSISDN.fullmatch(str(value)):
        return _REDACTED
    if isinstance(value, Mapping):
        return {_MSISDN.sub(_REDACTED, str(name)): _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", inner) for inner in value]
    return value


def _add_correlation(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if found := correlation_id():
        event.setdefault("correlation_id", found)
    return event


def _strip(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what the formatter added for its own use."""
    return {key: value for key, value in event.items() if not key.startswith("_")}


def _as_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<8} {event.pop('event', '')}"
    trace = event.pop("exception", None)
    line = " ".join([head, *(f"{key}={value}" for key, value in event.items())])
    return f"{line}\n{trace}" if trace else line
