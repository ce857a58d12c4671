"""How this process meets the bus: one frozen object, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from shared.kernel.environment import FaultySettings

DEFAULT_RETRIES = (0.5, 2.0, 10.0, 60.0, 300.0)

MEBIBYTE = 1024 * 1024
_LONGEST_PATIENCE = 86_400.0
_LARGEST_PORT = 65_535
_URL = "BANYAN_AMQP_URL"
_HERE = {None, "localhost", "127.0.0.1", "::1"}
_URL_OF = f"{_URL}_"  # and the service in capitals


@dataclass(frozen=True, slots=True)
class BusSettings:
    """Address and limits of the bus; durations in seconds, sizes in bytes."""

    amqp_url: str = field(default="amqp://guest:guest@127.0.0.1:5672/", repr=False)  # the default of a fresh broker
    """Of everybody, or with `{service}` where each service has a user of its own: ask `for_service`."""
    amqp_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Addresses of single services, which go before `amqp_url`."""
    workers: int = 32
    """Workers per container, and messages fetched ahead per queue."""
    max_message_bytes: int = 32 * MEBIBYTE
    heartbeat: int = 30
    retry_seconds: tuple[float, ...] = DEFAULT_RETRIES
    """How long a failed event waits before each further attempt; after the last one it is parked."""
    rpc_seconds: Mapping[str, float] = field(default_factory=dict)
    """Bounds on how long this process waits for answers, where a call would wait longer.

    `{"governance": 5.0}` bounds `governance` and `governance_bulk`, unless the latter has a bound of its own.
    """
    grace_seconds: float = 20.0
    """How long a stopping process may take to finish the work it has begun."""
    queue_type: Literal["classic", "quorum"] = "classic"
    log_style: Literal["json", "text"] = "json"
    metrics_port: int | None = None
    """Where Prometheus reads this process's figures; 0 takes a free port, None serves none."""
    metrics_host: str = "127.0.0.1"

    def for_service(self, service: str) -> "BusSettings":
        """Return the settings with the address under which a service, or `operator`, reaches the bus."""
        url = self.amqp_urls.get(service, self.amqp_url).replace("{service}", service)
        return replace(self, amqp_url=url, amqp_urls={})

    @staticmethod
    def from_environment(env: Mapping[str, str]) -> "BusSettings":
        """Read BANYAN_AMQP_URL and its companions; raises FaultySettings naming every faulty variable at once."""
        return _Reader(env).settings()


def _is_anybodys(url: str) -> bool:
    """Tell whether an address uses the password that everybody knows on a host that everybody may reach."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a host that is none: whoever connects is told
        return False
    return (parts.username or "guest", parts.password or "guest") == ("guest", "guest") and parts.hostname not in _HERE


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def settings(self) -> BusSettings:
        default = BusSettings()
        url = self._url(_URL, default.amqp_url)
        own = [name for name in sorted(self.env) if name.startswith(_URL_OF) and self.env[name]]
        kind = self.env.get("BANYAN_QUEUE_TYPE", default.queue_type)
        if kind not in {"classic", "quorum"}:
            self.faults.append(f"BANYAN_QUEUE_TYPE must be classic or quorum, not {kind!r}")
        style = self.env.get("BANYAN_LOG", default.log_style)
        if style not in {"json", "text"}:
            self.faults.append(f"BANYAN_LOG must be json or text, not {style!r}")
        read = BusSettings(
            amqp_url=url,
            amqp_urls={name.removeprefix(_URL_OF).lower(): self._url(name, url) for name in own},
            workers=int(self._number("BANYAN_WORKERS", default.workers, least=1)),
            max_message_bytes=int(self._number("BANYAN_MAX_MESSAGE_BYTES", default.max_message_bytes, least=1024)),
            heartbeat=int(self._number("BANYAN_HEARTBEAT", default.heartbeat, least=2)),
            retry_seconds=self._delays("BANYAN_RETRY_SECONDS", default.retry_seconds),
            rpc_seconds=self._patience("BANYAN_RPC_SECONDS"),
            grace_seconds=self._number("BANYAN_GRACE_SECONDS", default.grace_seconds, least=0),
            queue_type="quorum" if kind == "quorum" else "classic",
            log_style="text" if style == "text" else "json",
            metrics_port=self._port("BANYAN_METRICS_PORT"),
            metrics_host=self.env.get("BANYAN_METRICS_HOST") or default.metrics_host,
        )
        if self.faults:
            raise FaultySettings("; ".join(self.faults), details={"faults": self.faults})
        return read

    def _url(self, name: str, default: str) -> str:
        url = self.env.get(name) or default
        if not url.startswith(("amqp://", "amqps://")):
            self.faults.append(f"{name} must begin with amqp:// or amqps://")
        elif _is_anybodys(url):
            self.faults.append(f"{name}: guest/guest is for a broker on this machine alone; users: docs/security.md")
        return url

    def _number(self, name: str, default: float, *, least: float) -> float:
        text = self.env.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = least - 1
        if not value >= least:
            self.faults.append(f"{name} must be a number of at least {least}, not {text!r}")
            return default
        return value

    def _port(self, name: str) -> int | None:
        text = self.env.get(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and int(text) <= _LARGEST_PORT):
            self.faults.append(f"{name} must be a port, or 0 for a free one, not {text!r}")
            return None
        return int(text)

    def _patience(self, name: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for part in filter(None, map(str.strip, (self.env.get(name) or "").split(","))):
            container, _, text = part.partition("=")
            try:
                found[container] = float(text)
            except ValueError:
                found[container] = 0.0
            if not container or not 0 < found[container] < _LONGEST_PATIENCE:
                self.faults.append(f"{name} must be service=seconds, separated by commas; {part!r} is not")
        return found

    def _delays(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        text = self.env.get(name)
        if text is None:
            return default
        try:
            delays = tuple(float(part) for part in text.split(",") if part.strip())
        except ValueError:
            delays = (-1.0,)
        if any(not delay > 0 for delay in delays):
            self.faults.append(f"{name} must be seconds separated by commas, not {text!r}")
            return default
        return delays
