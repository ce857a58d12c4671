"""Settings read from the environment: every service reads the same names the same way, and every fault is listed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from shared.kernel.clock import Clock, SystemClock, parse_clock
from shared.kernel.faults import Fault

Word = TypeVar("Word", bound=str)
_DATABASES = ("postgresql://", "postgresql+psycopg://", "sqlite:///")


class FaultySettings(Fault):
    """Settings that cannot be used; the message and `details["faults"]` name every one of them."""

    code = "faulty_settings"


class Environment:
    """Reads variables one by one and notes what is wrong with them; `check` raises when anything was."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """Return a variable; the default where it is unset or empty."""
        return self._variables.get(name) or default

    def database_url(self, service: str) -> str:
        """Return BANYAN_DATABASE_URL_<SERVICE>, or BANYAN_DATABASE_URL with `{service}` filled in.

        By default SQLite in the folder BANYAN_VAR.
        """
        default = f"sqlite:///{Path(self.text('BANYAN_VAR', 'var')).absolute()}/{{service}}.sqlite"
        own = f"BANYAN_DATABASE_URL_{service.upper()}"
        name = own if self.text(own) else "BANYAN_DATABASE_URL"
        url = self.text(name, default).replace("{service}", service)
        if not url.startswith(_DATABASES):
            self.faults.append(f"{name} must begin with postgresql:// or sqlite:///")
        return url

    def rules(self) -> Path:
        """Return the folder BANYAN_RULES_DIR, `rules` by default."""
        folder = Path(self.text("BANYAN_RULES_DIR", "rules")).absolute()
        if not folder.is_dir():
            self.faults.append(f"BANYAN_RULES_DIR: there is no folder {folder}")
        return folder

    def rule_sets(self) -> Path:
        """Return the folder of the archive of rule sets, BANYAN_RULE_SETS; by default one in the folder BANYAN_VAR."""
        default = Path(self.text("BANYAN_VAR", "var")) / "rule_sets"
        return Path(self.text("BANYAN_RULE_SETS", str(default))).absolute()

    def clock(self) -> Clock:
        """Return the clock BANYAN_CLOCK names, the machine's by default."""
        try:
            return parse_clock(self.text("BANYAN_CLOCK"))
        except (ValueError, OSError) as fault:
            self.faults.append(f"BANYAN_CLOCK: {fault}")
            return SystemClock()

    def one_of(self, name: str, words: Sequence[Word]) -> Word:
        """Return the word a variable holds; the first one where it is unset."""
        said = self.text(name, words[0])
        for word in words:
            if said == word:
                return word
        self.faults.append(f"{name} must be {' or '.join(words)}, not {said!r}")
        return words[0]

    def number(self, name: str, default: float, most: float) -> float:
        """Return a number above 0 and at most `most`."""
        said = self.text(name)
        if not said:
            return default
        try:
            value = float(said)
        except ValueError:
            value = -1.0
        if not 0 < value <= most:
            self.faults.append(f"{name} must be a number above 0 and at most {most:g}, not {said!r}")
            return default
        return value

    def web_url(self, name: str) -> str:
        """Return an HTTP address; unset is a fault, for whoever asks needs one."""
        url = self.text(name)
        try:
            parts = urlsplit(url)
            is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_usable = False
        if not is_usable:
            self.faults.append(f"{name} must begin with http:// or https:// and name a host")
        return url

    def check(self) -> None:
        """Raise FaultySettings when any variable read so far cannot be used."""
        if self.faults:
            raise FaultySettings("; ".join(self.faults), details={"faults": self.faults})
