"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.kernel.clock import Clock, SystemClock, parse_clock
from shared.kernel.faults import Fault

SERVICE = "customer_view"
_ZONE = "Asia/Shanghai"


class FaultySettings(Fault):
    """Settings that cannot be used; the message and `details["faults"]` name every one of them."""

    code = "faulty_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where subscribers and rules are kept, which clock counts, and in which zone a day begins."""

    database_url: str
    rules: Path
    clock: Clock
    zone: ZoneInfo

    @staticmethod
    def read(env: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, BANYAN_VAR, BANYAN_RULES_DIR, BANYAN_CLOCK, BANYAN_ZONE.

        Raises FaultySettings naming every faulty variable.
        """
        faults: list[str] = []
        settings = Settings(
            database_url=_database_url(env, faults),
            rules=_rules(env, faults),
            clock=_clock(env, faults),
            zone=_zone(env, faults),
        )
        if faults:
            raise FaultySettings("; ".join(faults), details={"faults": faults})
        return settings


def _database_url(env: Mapping[str, str], faults: list[str]) -> str:
    default = f"sqlite:///{Path(env.get('BANYAN_VAR') or 'var').absolute()}/{{service}}.sqlite"
    url = (env.get("BANYAN_DATABASE_URL") or default).replace("{service}", SERVICE)
    if not url.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
        faults.append("BANYAN_DATABASE_URL must begin with postgresql:// or sqlite:///")
    return url


def _rules(env: Mapping[str, str], faults: list[str]) -> Path:
    folder = Path(env.get("BANYAN_RULES_DIR") or "rules")
    if not (folder / "vocabulary.yaml").is_file():
        faults.append(f"BANYAN_RULES_DIR: there is no vocabulary.yaml in {folder}")
    return folder


def _clock(env: Mapping[str, str], faults: list[str]) -> Clock:
    try:
        return parse_clock(env.get("BANYAN_CLOCK", ""))
    except ValueError as fault:
        faults.append(f"BANYAN_CLOCK: {fault}")
        return SystemClock()


def _zone(env: Mapping[str, str], faults: list[str]) -> ZoneInfo:
    name = env.get("BANYAN_ZONE") or _ZONE
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(f"BANYAN_ZONE: there is no time zone {name!r}")
        return ZoneInfo(_ZONE)
