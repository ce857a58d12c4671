"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.governance.domain.instants import DAY, HOUR, MINUTE, SECOND
from services.governance.domain.pseudonyms import SHORTEST_KEY
from services.governance.domain.refusals import Terms
from services.governance.domain.retention import Retention
from shared.contracts.wire import CHANNELS
from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "governance"
_OUTBOUND_HOURS = 48.0
_INBOUND_MINUTES = 30.0
_TOLERANCE_SECONDS = 300.0
_LONGEST_HOURS = 7 * 24.0
_DAY_SECONDS = 24 * 3600.0
_KEEP_DAYS = 730.0
_KEEP_AUDIT_DAYS = 1825.0
_LONGEST_DAYS = 36_500.0


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
    """How far this clock may be behind the newest decision, or ahead of PostgreSQL's, before nothing is permitted."""
    rule_sets: Path | None = None
    """Where accepted rule sets are kept and one may be pinned; None: nowhere."""
    erasure_key: bytes | None = field(default=None, repr=False)
    """What pseudonyms of erased subscribers are made with; None: nobody can be erased."""
    keep_days: float = _KEEP_DAYS
    """How long contacts and verdicts are kept; longer where the policies in force look back further."""
    keep_audit_days: float = _KEEP_AUDIT_DAYS
    has_timers: bool = True
    """Whether this process deletes what is older than that by itself, once a minute."""

    @property
    def terms(self) -> Terms:
        """What the settings fix for the domain."""
        return Terms(
            channels=frozenset(CHANNELS),
            outbound_life=round(self.outbound_hours * HOUR),
            inbound_life=round(self.inbound_minutes * MINUTE),
            clock_tolerance=round(self.clock_tolerance_seconds * SECOND),
        )

    @property
    def retention(self) -> Retention:
        """How long what is kept."""
        return Retention(round(self.keep_days * DAY), round(self.keep_audit_days * DAY))

    @staticmethod
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, …_VAR, …_RULES_DIR, …_RULE_SETS, …_CLOCK, …_TIMERS and BANYAN_GOVERNANCE_….

        Those are BANYAN_GOVERNANCE_OUTBOUND_HOURS, …_INBOUND_MINUTES, …_CLOCK_TOLERANCE_SECONDS, …_KEEP_DAYS,
        …_KEEP_AUDIT_DAYS and …_ERASURE_KEY. Raises FaultySettings naming every faulty variable.
        """
        env = Environment(variables)
        settings = Settings(
            database_url=env.database_url(SERVICE),
            rules=env.rules(),
            rule_sets=env.rule_sets(),
            clock=env.clock(),
            outbound_hours=env.number("BANYAN_GOVERNANCE_OUTBOUND_HOURS", _OUTBOUND_HOURS, _LONGEST_HOURS),
            inbound_minutes=env.number("BANYAN_GOVERNANCE_INBOUND_MINUTES", _INBOUND_MINUTES, _LONGEST_HOURS * 60),
            clock_tolerance_seconds=env.number(
                "BANYAN_GOVERNANCE_CLOCK_TOLERANCE_SECONDS", _TOLERANCE_SECONDS, _DAY_SECONDS
            ),
            erasure_key=_erasure_key(env),
            keep_days=env.number("BANYAN_GOVERNANCE_KEEP_DAYS", _KEEP_DAYS, _LONGEST_DAYS),
            keep_audit_days=env.number("BANYAN_GOVERNANCE_KEEP_AUDIT_DAYS", _KEEP_AUDIT_DAYS, _LONGEST_DAYS),
            has_timers=env.one_of("BANYAN_TIMERS", ("on", "off")) == "on",
        )
        env.check()
        return settings


def _erasure_key(env: Environment) -> bytes | None:
    key = env.text("BANYAN_GOVERNANCE_ERASURE_KEY")
    if key and len(key) < SHORTEST_KEY:
        env.faults.append(f"BANYAN_GOVERNANCE_ERASURE_KEY must have at least {SHORTEST_KEY} characters")
    return key.encode() or None
