"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "catalogue"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where offerings are kept, which rules they may refer to, and which clock counts."""

    database_url: str
    rules: Path
    clock: Clock
    rule_sets: Path | None = None
    """Where accepted rule sets are kept and one may be pinned; None: nowhere."""

    @staticmethod
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, BANYAN_VAR, BANYAN_RULES_DIR, BANYAN_RULE_SETS and BANYAN_CLOCK.

        Raises FaultySettings naming every faulty variable.
        """
        env = Environment(variables)
        settings = Settings(
            database_url=env.database_url(SERVICE), rules=env.rules(), clock=env.clock(), rule_sets=env.rule_sets()
        )
        env.check()
        return settings
