"""The rules of a folder, also when they cannot be read at first: then they are tried again."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.rule_book import RuleSource

_log = structlog.get_logger(__name__)
_TRY_EVERY = 2.0  # seconds


class FolderRules:
    """The rule book in force in a folder; a faulty change leaves the last good one."""

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._source: RuleSource | None = None
        self._fault: Exception | None = None
        self._tried_at = 0.0

    def current(self) -> RuleBook:
        """Return the rule book in force; raises RuleFaults or OSError while there never was a sound one."""
        if self._source is None:
            self._source = self._opened()
        return self._source.current()

    def _opened(self) -> RuleSource:
        if self._fault is not None and self._monotonic() - self._tried_at < _TRY_EVERY:
            raise self._fault
        self._tried_at = self._monotonic()
        try:
            return RuleSource(self._folder)
        except (RuleFaults, OSError) as fault:
            self._fault = fault
            _log.error("rules_unreadable", folder=str(self._folder), error=str(fault))
            raise
