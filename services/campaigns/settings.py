"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "campaigns"
_MOST_DAYS = 3_650
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
    compare_share: float = 0.01
    """The share of run-time decisions by the rules engine that the reference executor judges as well."""
    decisions_kept: timedelta = timedelta(days=30)
    """How long decisions of advice stay on record."""
    crm_url: str = field(default="", repr=False)  # may carry credentials
    ismp_url: str = field(default="", repr=False)
    rule_sets: Path | None = None
    """Where accepted rule sets are kept and one may be pinned; None: nowhere."""

    @staticmethod
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read this service's settings.

        They are BANYAN_DATABASE_URL, …_VAR, …_RULES_DIR, …_RULE_SETS, …_CLOCK, …_TIMERS, …_SEED, …_FULFILMENT,
        …_CRM_URL, …_ISMP_URL, …_COMPARE_SHARE and …_DECISION_DAYS. Raises FaultySettings naming every
        faulty variable.
        """
        env = Environment(variables)
        fulfilment = env.one_of("BANYAN_FULFILMENT", _FULFILMENT)
        settings = Settings(
            database_url=env.database_url(SERVICE),
            rules=env.rules(),
            rule_sets=env.rule_sets(),
            clock=env.clock(),
            has_timers=env.one_of("BANYAN_TIMERS", ("on", "off")) == "on",
            fulfilment=fulfilment,
            seed=env.text("BANYAN_SEED", "1"),
            compare_share=env.number("BANYAN_COMPARE_SHARE", 0.01, 1),
            decisions_kept=timedelta(days=env.number("BANYAN_DECISION_DAYS", 30, _MOST_DAYS)),
            crm_url=env.web_url("BANYAN_CRM_URL") if fulfilment == "http" else "",
            ismp_url=env.web_url("BANYAN_ISMP_URL") if fulfilment == "http" else "",
        )
        env.check()
        return settings
