"""W3C trace context: the header `traceparent`, checked before anybody believes it."""

import random
import re
from dataclasses import dataclass
from typing import Self

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_USUAL = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
_SAMPLED = 1
_chance = random.Random()  # noqa: S311 - names of traces are no secrets; the system's source costs ten times as much


@dataclass(frozen=True, slots=True)
class TraceParent:
    """A place in a trace: 32 and 16 small hexadecimal digits, and whether the sender records it."""

    trace_id: str
    span_id: str
    is_sampled: bool

    def __str__(self) -> str:
        """Write the header, in version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{self.is_sampled:02x}"

    @classmethod
    def read(cls, header: object) -> Self | None:
        """Return what a header says; None unless it is well-formed in version 00, or in a later one as far as known."""
        found = _FORM.fullmatch(header) if isinstance(header, str) else None
        if found is None:
            return None
        version, trace_id, span_id, flags, rest = found.groups()
        if version == "ff" or (version == "00" and rest) or not trace_id.strip("0") or not span_id.strip("0"):
            return None
        return cls(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def carried_on(header: object) -> str:
    """Return the header to send on: what came, as far as it is well-formed, else a new trace that nobody records."""
    if isinstance(header, str) and _USUAL.fullmatch(header):
        return header
    if found := TraceParent.read(header):
        return str(found)
    return f"00-{_chance.getrandbits(128) or 1:032x}-{_chance.getrandbits(64) or 1:016x}-00"
