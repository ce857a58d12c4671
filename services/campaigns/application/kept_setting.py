"""Live plans, catalogue and rules for advice, read anew after a moment instead of at every question."""

from collections.abc import Callable
from datetime import datetime

from services.campaigns.application.ports import Rules
from services.campaigns.application.setting import Setting, read_setting
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE
from shared.kernel.clock import Clock

KEPT_SECONDS = 1.0
"""A campaign that is paused is advised for at most this long; a limit or a list takes effect at once, in governance."""


class KeptSetting:
    """Callable that returns the setting; while it is still fresh, the same one."""

    def __init__(
        self, store: Store, rules: Rules, clock: Clock, monotonic: Callable[[], float], seconds: float = KEPT_SECONDS
    ) -> None:
        self._store, self._rules, self._clock, self._monotonic, self._seconds = store, rules, clock, monotonic, seconds
        self._kept: Setting | None = None
        self._until = 0.0

    def __call__(self) -> Setting:
        """Return live plans, catalogue and rules, at most `seconds` old and never of another day."""
        now = self._clock.now()
        if self._kept is None or self._monotonic() >= self._until or self._is_of_another_day(now):
            self._kept = read_setting(self._store, self._rules, now)
            self._until = self._monotonic() + self._seconds
        return self._kept

    def _is_of_another_day(self, now: datetime) -> bool:
        return self._kept is not None and day_of(self._kept.moment, ZONE) != day_of(now, ZONE)
