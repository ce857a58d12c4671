"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from shared.kernel.clock import Clock, SystemClock, parse_clock
from shared.kernel.faults import Fault

SERVICE = "campaigns"


class FaultySettings(Fault):
    """Settings that cannot be used; the message and `details["faults"]` name every one of them."""

    code = "faulty_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where cases are kept, which rules and which clock count, and whether CRM and ISMP are real."""

    database_url: str
    rules: Path
    clock: Clock
    has_timers: bool = True
    """Whether this process looks every 30 s for what is due."""
    fulfilment: Literal["simulated", "http"] = "simulated"
    seed: str = "1"
    """Decides which orders the simulated CRM and ISMP carry out."""
    crm_url: str = field(default="", repr=False)  # may carry credentials
    ismp_url: str = field(default="", repr=False)

    @staticmethod
    def read(env: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, …_VAR, …_RULES_DIR, …_CLOCK, …_TIMERS, …_SEED, …_FULFILMENT, …_CRM_URL, …_ISMP_URL.

        Raises FaultySettings naming every faulty variable.
        """
        faults: list[str] = []
        is_real = _one_of(env, "BANYAN_FULFILMENT", ("simulated", "http"), faults) == "http"
        settings = Settings(
            database_url=_database_url(env, faults),
            rules=_rules(env, faults),
            clock=_clock(env, faults),
            has_timers=_one_of(env, "BANYAN_TIMERS", ("on", "off"), faults) == "on",
            fulfilment="http" if is_real else "simulated",
            seed=env.get("BANYAN_SEED", "1"),
            crm_url=_web_url(env, "BANYAN_CRM_URL", faults) if is_real else "",
            ismp_url=_web_url(env, "BANYAN_ISMP_URL", faults) if is_real else "",
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
    except (ValueError, OSError) as fault:
        faults.append(f"BANYAN_CLOCK: {fault}")
        return SystemClock()


def _one_of(env: Mapping[str, str], name: str, words: tuple[str, ...], faults: list[str]) -> str:
    """Return the word, the first one where nothing is said."""
    word = env.get(name) or words[0]
    if word not in words:
        faults.append(f"{name} must be {' or '.join(words)}, not {word!r}")
        return words[0]
    return word


def _web_url(env: Mapping[str, str], name: str, faults: list[str]) -> str:
    url = env.get(name) or ""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        faults.append(f"{name} must begin with http:// or https:// and name a host")
    return url
