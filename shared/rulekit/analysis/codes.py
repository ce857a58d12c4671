"""Every code a check can report: how much it matters, what it is called, what it means and what to do."""

from dataclasses import dataclass
from typing import Literal, get_args

from shared.kernel.text import Text

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From what is certainly wrong to what may be meant."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code; `explanation` says what it means, why it matters and what to do."""

    code: str
    severity: Severity
    title: Text
    explanation: Text


def error(code: str, zh: str, en: str, why_zh: str, why_en: str) -> Code:
    """Return the code of something that is certainly wrong."""
    return Code(code, "error", Text(zh, en), Text(why_zh, why_en))


def warning(code: str, zh: str, en: str, why_zh: str, why_en: str) -> Code:
    """Return the code of something that is hardly meant."""
    return Code(code, "warning", Text(zh, en), Text(why_zh, why_en))


def note(code: str, zh: str, en: str, why_zh: str, why_en: str) -> Code:
    """Return the code of something worth knowing."""
    return Code(code, "note", Text(zh, en), Text(why_zh, why_en))
