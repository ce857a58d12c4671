"""The rules this process has in force: one reader per folder, kept current, told in log and metrics."""

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from shared.observability.metrics import counter, gauge
from shared.rulekit.durable_backend.trial import accept_rules
from shared.rulekit.faults import RuleFault
from shared.rulekit.in_force.archive import RuleArchive
from shared.rulekit.in_force.rule_source import LOOK_EVERY, RuleSource
from shared.rulekit.in_force.state import Origin, RulesState

_log = structlog.get_logger(__name__)

_info = gauge("banyan_rules_info", "1 for the rule set in force", ["service", "version"])
_refused = counter("banyan_rules_refused", "Rule sets that were refused", ["service"])
_stale = gauge(
    "banyan_rules_stale_seconds",
    "Since when the rules in force are not those that are wanted; 0 if they are",
    ["service"],
)
_loaded = gauge("banyan_rules_loaded_timestamp", "When the rules in force were taken, Unix time", ["service"])

_REST = 20  # times as long as a look took: a folder of thousands of rules must not take more than a twentieth
_LONGEST_REST = 1.5  # seconds; two looks and a reading are to fit into five

_Key = tuple[Path, Path | None]
_opening = threading.Lock()
_sources: weakref.WeakValueDictionary[_Key, RuleSource] = weakref.WeakValueDictionary()
_tellers: weakref.WeakKeyDictionary[RuleSource, "_Teller"] = weakref.WeakKeyDictionary()
_by_service: weakref.WeakValueDictionary[str, RuleSource] = weakref.WeakValueDictionary()


def open_rules(folder: Path, sets: Path | None, service: str, *, may_be_empty: bool = False) -> RuleSource:
    """Return the rules in force for a service; services of one process that read the same folder share one source.

    `sets` is the folder of the archive, None for no archive. A set is taken only if durable-rules can carry it,
    whatever the service: so all processes accept and refuse the same. Raises RuleFaults when there is no sound set,
    unless it `may_be_empty`: then the source's `current` raises until there is one.
    """
    key = (folder.absolute(), sets and sets.absolute())
    with _opening:
        source = _sources.get(key)
        if source is None:
            source = _sources[key] = _open(key)
        else:
            source.look(at_once=True)  # who starts now starts with the files as they are now
    _tellers[source].add(service, source.state.version)
    _stale.labels(service).set_function(_age_of(source))
    _by_service[service] = source
    if not may_be_empty:
        source.current()
    return source


def rules_state(service: str) -> RulesState | None:
    """Return which rules a service of this process has in force; None for one that reads none."""
    source = _by_service.get(service)
    return source.state if source is not None else None


def _open(key: _Key) -> RuleSource:
    folder, sets = key
    teller = _Teller()
    archive = RuleArchive(sets) if sets else None
    source = RuleSource(folder, accept=accept_rules, archive=archive, watcher=teller, may_be_empty=True)
    _tellers[source] = teller
    threading.Thread(target=_follow, args=(weakref.ref(source),), name="banyan rules", daemon=True).start()
    return source


def _follow(reference: "weakref.ref[RuleSource]") -> None:
    """Keep a source current for as long as anybody holds it; a green thread where eventlet has patched the process."""
    while (source := reference()) is not None:
        began = time.monotonic()
        with suppress(Exception):  # a log that cannot be written, say: the next look is taken, the age shows the rest
            source.look()
        del source
        looked = time.monotonic() - began
        time.sleep(min(max(LOOK_EVERY, _REST * looked), _LONGEST_REST))


def _age_of(source: RuleSource) -> Callable[[], float]:
    reference = weakref.ref(source)

    def age() -> float:
        held = reference()
        return held.age if held is not None else 0.0

    return age


class _Teller:
    """Tells in log and metrics what one source does, for every service that uses it."""

    def __init__(self) -> None:
        self._services: list[str] = []
        self._version: str | None = None
        self._loaded_at = 0.0
        self._refusals = 0

    def add(self, service: str, version: str | None) -> None:
        """Tell for one more service."""
        if service not in self._services:
            self._services.append(service)
            _refused.labels(service).inc(self._refusals)  # what happened while it was being opened
            self._show(service, None, version)

    def reloaded(self, old: str | None, new: str, origin: Origin, seconds: float) -> None:
        """Tell that another set is in force."""
        self._loaded_at = time.time()
        for service in self._services:
            self._show(service, old, new)
        tell = _log.warning if origin == "archive" else _log.info
        tell("rules_reloaded", old=old, new=new, origin=origin, seconds=round(seconds, 3))

    def refused(self, faults: Sequence[RuleFault], in_force: str | None) -> None:
        """Tell every fault, with its place."""
        self._refusals += 1
        for service in self._services:
            _refused.labels(service).inc()
        _log.error("rules_refused", in_force=in_force, count=len(faults), faults=[str(fault) for fault in faults])

    def not_kept(self, version: str, why: str) -> None:
        """Tell that a set is in force and cannot be pinned later."""
        _log.warning("rules_not_kept", version=version, error=why)

    def _show(self, service: str, old: str | None, new: str | None) -> None:
        if old is not None:
            _info.remove(service, old)
        if new is not None:
            _info.labels(service, new).set(1)
            _loaded.labels(service).set(self._loaded_at)
