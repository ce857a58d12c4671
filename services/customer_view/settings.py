"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "customer_view"
_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where subscribers and rules are kept, which clock counts, and in which zone a day begins."""

    database_url: str
    rules: Path
    clock: Clock
    zone: ZoneInfo
    has_timers: bool = True
    """Whether this process looks every 30 s for triggers that are due."""
    rule_sets: Path | None = None
    """Where accepted rule sets are kept and one may be pinned; None: nowhere."""

    @staticmethod
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, …_VAR, …_RULES_DIR, …_RULE_SETS, …_CLOCK, …_ZONE, …_TIMERS.

        Raises FaultySettings naming every faulty variable.
        """
        env = Environment(variables)
        settings = Settings(
            database_url=env.database_url(SERVICE),
            rules=env.rules(),
            clock=env.clock(),
            zone=_zone(env),
            has_timers=env.one_of("BANYAN_TIMERS", ("on", "off")) == "on",
            rule_sets=env.rule_sets(),
        )
        env.check()
        return settings


def _zone(env: Environment) -> ZoneInfo:
    name = env.text("BANYAN_ZONE", _ZONE)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        env.faults.append(f"BANYAN_ZONE: there is no time zone {name!r}")
        return ZoneInfo(_ZONE)
