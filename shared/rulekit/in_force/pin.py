"""Which rule set is pinned: a small file beside the kept sets, replaced in one step."""

import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from shared.rulekit.faults import RuleFault, RuleFaults

VERSION = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Pin:
    """A rule set that every process uses, whatever the folder of rules says; `at` is ISO 8601."""

    version: str
    reason: str
    who: str
    at: str


def read_pin(path: Path) -> Pin | None:
    """Return the pin, None where there is none; raises RuleFaults (code `pin_unreadable`) for what is not one."""
    try:
        said = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as fault:  # bytes that are no JSON, or no UTF-8, are ValueErrors
        raise _unreadable(path, str(fault)) from None
    values = [said.get(field.name) for field in fields(Pin)] if isinstance(said, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(fields(Pin)) or not VERSION.fullmatch(texts[0]):
        raise _unreadable(path, "it must hold version, reason, who and at")
    return Pin(*texts)


def write_pin(path: Path, pin: Pin) -> None:
    """Put a pin in place: whoever reads sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".pin-")
    partial = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(pin), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _unreadable(path: Path, why: str) -> RuleFaults:
    message = f"the pin cannot be read: {why}; `banyan rules sets pin` or `unpin` writes it anew"
    return RuleFaults([RuleFault(str(path), 1, 1, "pin_unreadable", message)])
