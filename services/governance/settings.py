"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.kernel.clock import Clock, SystemClock, parse_clock
from shared.kernel.faults import Fault

SERVICE = "governance"
_OUTBOUND_HOURS = 48.0
_INBOUND_MINUTES = 30.0
_TOLERANCE_SECONDS = 300.0
_LONGEST_HOURS = 7 * 24.0


class FaultySettings(Fault):
    """Settings that cannot be used; the message and `details["faults"]` name every one of them."""

    code = "faulty_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the ledger is, which rules and which clock count, how long reservations last."""

    database_url: str
    rules: Path
    clock: Clock
    outbound_hours: float = _OUTBOUND_HOURS
    """How long after its planned time an outbound reservation lapses."""
    inbound_minutes: float = _INBOUND_MINUTES
    clock_tolerance_seconds: float = _TOLERANCE_SECONDS
    """How far this clock may be behind the newest decision of any process before nothing is permitted any more."""

    @staticmethod
    def read(env: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, BANYAN_VAR, BANYAN_RULES_DIR, BANYAN_CLOCK and the BANYAN_GOVERNANCE_… figures.

        Those are BANYAN_GOVERNANCE_OUTBOUND_HOURS, …_INBOUND_MINUTES and …_CLOCK_TOLERANCE_SECONDS. Raises
        FaultySettings naming every faulty variable.
        """
        faults: list[str] = []
        prefix = "BANYAN_GOVERNANCE_"
        settings = Settings(
            database_url=_database_url(env, faults),
            rules=_rules(env, faults),
            clock=_clock(env, faults),
            outbound_hours=_number(env, prefix + "OUTBOUND_HOURS", _OUTBOUND_HOURS, _LONGEST_HOURS, faults),
            inbound_minutes=_number(env, prefix + "INBOUND_MINUTES", _INBOUND_MINUTES, _LONGEST_HOURS * 60, faults),
            clock_tolerance_seconds=_number(
                env, prefix + "CLOCK_TOLERANCE_SECONDS", _TOLERANCE_SECONDS, 24 * 3600.0, faults
            ),
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
    if not folder.is_dir():
        faults.append(f"BANYAN_RULES_DIR: there is no folder {folder}")
    return folder


def _clock(env: Mapping[str, str], faults: list[str]) -> Clock:
    try:
        return parse_clock(env.get("BANYAN_CLOCK", ""))
    except ValueError as fault:
        faults.append(f"BANYAN_CLOCK: {fault}")
        return SystemClock()


def _number(env: Mapping[str, str], name: str, default: float, most: float, faults: list[str]) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= most:
        faults.append(f"{name} must be a number above 0 and at most {most:g}, not {text!r}")
        return default
    return value
