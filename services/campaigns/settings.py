"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "campaigns"
_FULFILMENT: tuple[Literal["simulated", "http"], ...] = ("simulated", "http")


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
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, …_VAR, …_RULES_DIR, …_CLOCK, …_TIMERS, …_SEED, …_FULFILMENT, …_CRM_URL, …_ISMP_URL.

        Raises FaultySettings naming every faulty variable.
        """
        env = Environment(variables)
        fulfilment = env.one_of("BANYAN_FULFILMENT", _FULFILMENT)
        settings = Settings(
            database_url=env.database_url(SERVICE),
            rules=env.rules(),
            clock=env.clock(),
            has_timers=env.one_of("BANYAN_TIMERS", ("on", "off")) == "on",
            fulfilment=fulfilment,
            seed=env.text("BANYAN_SEED", "1"),
            crm_url=env.web_url("BANYAN_CRM_URL") if fulfilment == "http" else "",
            ismp_url=env.web_url("BANYAN_ISMP_URL") if fulfilment == "http" else "",
        )
        env.check()
        return settings
