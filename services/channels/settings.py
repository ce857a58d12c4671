"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from shared.kernel.clock import Clock, SystemClock, parse_clock
from shared.kernel.faults import Fault

SERVICE = "channels"


class FaultySettings(Fault):
    """Settings that cannot be used; the message and `details["faults"]` name every one of them."""

    code = "faulty_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where orders are kept, which clock counts, and whether the channels are real."""

    database_url: str
    clock: Clock
    mode: Literal["simulated", "real"]
    seed: str
    """Decides every simulated answer; real channels ignore it."""
    sms_gateway_url: str | None

    @staticmethod
    def read(env: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, BANYAN_VAR, BANYAN_CLOCK, BANYAN_SEED, BANYAN_CHANNELS, BANYAN_SMS_GATEWAY_URL.

        Raises FaultySettings naming every faulty variable.
        """
        faults: list[str] = []
        settings = Settings(
            database_url=_database_url(env, faults),
            clock=_clock(env, faults),
            mode=_mode(env, faults),
            seed=env.get("BANYAN_SEED", "1"),
            sms_gateway_url=_gateway(env, faults),
        )
        if faults:
            raise FaultySettings("; ".join(faults), details={"faults": faults})
        return settings


def _database_url(env: Mapping[str, str], faults: list[str]) -> str:
    default = f"sqlite:///{Path(env.get('BANYAN_VAR') or 'var').absolute()}/{{service}}.sqlite"
    template = env.get("BANYAN_DATABASE_URL") or default
    url = template.replace("{service}", SERVICE)
    if not url.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
        faults.append("BANYAN_DATABASE_URL must begin with postgresql:// or sqlite:///")
    return url


def _clock(env: Mapping[str, str], faults: list[str]) -> Clock:
    try:
        return parse_clock(env.get("BANYAN_CLOCK", ""))
    except ValueError as fault:
        faults.append(f"BANYAN_CLOCK: {fault}")
        return SystemClock()


def _mode(env: Mapping[str, str], faults: list[str]) -> Literal["simulated", "real"]:
    match env.get("BANYAN_CHANNELS") or "simulated":
        case "simulated":
            return "simulated"
        case "real":
            return "real"
        case other:
            faults.append(f"BANYAN_CHANNELS must be simulated or real, not {other!r}")
            return "simulated"


def _gateway(env: Mapping[str, str], faults: list[str]) -> str | None:
    url = env.get("BANYAN_SMS_GATEWAY_URL") or None
    if url is None:
        if env.get("BANYAN_CHANNELS") == "real":
            faults.append("BANYAN_SMS_GATEWAY_URL is needed with BANYAN_CHANNELS=real")
        return None
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        faults.append("BANYAN_SMS_GATEWAY_URL must begin with http:// or https:// and name a host")
    return url
