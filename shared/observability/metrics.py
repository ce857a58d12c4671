"""Figures of this process for Prometheus: one registry, one object per name."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_registry = CollectorRegistry()
_lock = threading.Lock()
_by_name: dict[str, tuple[tuple[str, ...], MetricWrapperBase]] = {}
_Metric = TypeVar("_Metric", bound=MetricWrapperBase)

disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations; "since when" would double the page
ProcessCollector(registry=_registry)  # memory, open files, processor time of this process


def counter(name: str, help: str, labels: Sequence[str] = ()) -> Counter:  # noqa: A002 - prometheus_client's word
    """Return the counter of that name, the same object each time; the exposition adds `_total` where it is lacking.

    Raises ValueError when the name stands for something else, or has other labels.
    """
    return _metric(Counter, name, labels, lambda: Counter(name, help, labels, registry=_registry))


def gauge(name: str, help: str, labels: Sequence[str] = ()) -> Gauge:  # noqa: A002 - prometheus_client's word
    """Return the gauge of that name, the same object each time; ValueError as for `counter`."""
    return _metric(Gauge, name, labels, lambda: Gauge(name, help, labels, registry=_registry))


def histogram(
    name: str,
    help: str,  # noqa: A002 - prometheus_client's word
    labels: Sequence[str] = (),
    *,
    buckets: Sequence[float],
) -> Histogram:
    """Return the histogram of that name, the same object each time; ValueError as for `counter`."""
    return _metric(Histogram, name, labels, lambda: Histogram(name, help, labels, buckets=buckets, registry=_registry))


def exposition() -> bytes:
    """Return all figures in Prometheus' text format."""
    return generate_latest(_registry)


def _metric(kind: type[_Metric], name: str, labels: Sequence[str], make: Callable[[], _Metric]) -> _Metric:
    with _lock:
        if name not in _by_name:
            _by_name[name] = (tuple(labels), make())
        known, metric = _by_name[name]
    if not isinstance(metric, kind) or known != tuple(labels):
        message = f"metric {name} is a {type(metric).__name__} with labels {known}"
        raise ValueError(message)
    return metric
