"""What this service is told from outside: one frozen object, read once, every fault listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.kernel.clock import Clock
from shared.kernel.environment import Environment

SERVICE = "channels"
_RECHECK_SECONDS = 30.0
_LONGEST_SECONDS = 60.0  # well within the lease of a page
_MODES: tuple[Literal["simulated", "real"], ...] = ("simulated", "real")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where orders are kept, which clock counts, and whether the channels are real."""

    database_url: str
    clock: Clock
    mode: Literal["simulated", "real"]
    seed: str
    """Decides every simulated answer; real channels ignore it."""
    sms_gateway_url: str | None
    recheck_seconds: float = _RECHECK_SECONDS
    """How long governance may take to answer before a page is left unsent; work lists wait a third of it."""

    @staticmethod
    def read(variables: Mapping[str, str]) -> "Settings":
        """Read BANYAN_DATABASE_URL, …_VAR, …_CLOCK, …_SEED, …_CHANNELS, …_SMS_GATEWAY_URL, …_CHANNELS_RECHECK_SECONDS.

        Raises FaultySettings naming every faulty variable.
        """
        env = Environment(variables)
        settings = Settings(
            database_url=env.database_url(SERVICE),
            clock=env.clock(),
            mode=env.one_of("BANYAN_CHANNELS", _MODES),
            seed=env.text("BANYAN_SEED", "1"),
            sms_gateway_url=_gateway(env),
            recheck_seconds=env.number("BANYAN_CHANNELS_RECHECK_SECONDS", _RECHECK_SECONDS, _LONGEST_SECONDS),
        )
        env.check()
        return settings


def _gateway(env: Environment) -> str | None:
    if env.text("BANYAN_SMS_GATEWAY_URL"):
        return env.web_url("BANYAN_SMS_GATEWAY_URL")
    if env.text("BANYAN_CHANNELS") == "real":
        env.faults.append("BANYAN_SMS_GATEWAY_URL is needed with BANYAN_CHANNELS=real")
    return None
