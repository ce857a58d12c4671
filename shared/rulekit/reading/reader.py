"""Small readers for the parts of a rule file: each returns its value, or notes a fault and returns a stand-in."""

import re
from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.kernel.clock import OWN_ZONES
from shared.kernel.text import Text
from shared.rulekit.facts import iso_date, nearest
from shared.rulekit.faults import Findings, Place
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar

SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}
TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
LONGEST_WORDS = 2_000
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_WordT = TypeVar("_WordT", bound=str)


class Reader:
    """Reads nodes; every fault goes to `findings`."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def fields(
        self, node: Node | None, place: Place, required: Collection[str], optional: Collection[str] = ()
    ) -> Mapping[str, Node]:
        """Return a mapping's values by key, after noting missing and unknown keys."""
        if not isinstance(node, Entries):
            self._shape(node, place, "a mapping")
            return {}
        known = [*required, *optional]
        for name, _ in node.entries:
            if name.text not in known:
                self.findings.unknown(name.place, "unknown_key", "key", name.text, known)
        found = {name.text: value for name, value in node.entries if name.text in known}
        for name_required in required:
            if name_required not in found:
                self.findings.add(node.place, "missing_key", f"{name_required!r} is missing")
        return found

    def items(self, node: Node | None) -> tuple[Node, ...]:
        """Return a list's nodes; an absent list is empty."""
        if node is None:
            return ()
        if isinstance(node, Items):
            return node.items
        self._shape(node, node.place, "a list")
        return ()

    def text(self, node: Node | None) -> str:
        """Return the words of a scalar that is not empty."""
        if node is None:
            return ""
        if isinstance(node, Scalar) and node.kind != "null" and node.text.strip():
            if len(node.text) > LONGEST_WORDS or any(ord(one) < ord(" ") and one not in "\t\n" for one in node.text):
                message = f"control characters, or more than {LONGEST_WORDS} characters"
                self.findings.add(node.place, "bad_text", message)
                return ""
            return node.text
        self._shape(node, node.place, "a text")
        return ""

    def name(self, node: Node | None) -> str:
        """Return an id: lower case letters, digits and hyphens."""
        text = self.text(node)
        if node is not None and text and not ID.fullmatch(text):
            self.findings.add(node.place, "bad_id", f"{text!r} is not lower case letters, digits and hyphens")
        return text

    def names(self, node: Node | None) -> frozenset[str]:
        """Return a set of ids or codes."""
        return frozenset(self.text(item) for item in self.items(node))

    def word(self, node: Node | None, allowed: tuple[_WordT, ...]) -> _WordT:
        """Return one word of a closed list."""
        text = self.text(node)
        for one in allowed:
            if one == text:
                return one
        if node is not None and text:
            suggestion = ", ".join(allowed)
            self.findings.add(node.place, "unknown_word", f"{text!r} is none of: {suggestion}", nearest(text, allowed))
        return allowed[0]

    def words(self, node: Node | None, allowed: tuple[_WordT, ...]) -> frozenset[_WordT]:
        """Return a set of words of a closed list."""
        return frozenset(self.word(item, allowed) for item in self.items(node))

    def whole(self, node: Node | None, *, least: int) -> int:
        """Return a whole number of at least `least`."""
        if node is None:
            return least
        if (
            isinstance(node, Scalar)
            and node.kind == "number"
            and _WHOLE.fullmatch(node.text)
            and int(node.text) >= least
        ):
            return int(node.text)
        self._shape(node, node.place, f"a whole number of at least {least}", code="bad_number")
        return least

    def day(self, node: Node | None) -> date | None:
        """Return a date like 2026-03-02."""
        if node is None:
            return None
        found = iso_date(node.text) if isinstance(node, Scalar) else None
        if found is None:
            self._shape(node, node.place, "a date like 2026-03-02", code="bad_date")
        return found

    def span(self, node: Node | None, units: str = "hdw") -> timedelta:
        """Return a span such as 36h, 14d or 2w."""
        if node is None:
            return timedelta(hours=1)
        match = SPAN.fullmatch(node.text) if isinstance(node, Scalar) else None
        if match and match[2] in units:
            return timedelta(hours=int(match[1]) * _HOURS[match[2]])
        self._shape(
            node, node.place, f"a span like 14d (a whole number and one of {', '.join(units)})", code="bad_span"
        )
        return timedelta(hours=1)

    def time_of_day(self, node: Node | None) -> time:
        """Return a time such as 21:00."""
        if node is None:
            return time()
        match = TIME.fullmatch(node.text) if isinstance(node, Scalar) else None
        if match:
            return time(int(match[1]), int(match[2]))
        self._shape(node, node.place, 'a time like "21:00"', code="bad_time")
        return time()

    def zone(self, node: Node | None) -> str:
        """Return the name of a time zone that exists."""
        text = self.text(node)
        if node is not None and text:
            try:
                is_known = text not in OWN_ZONES and bool(ZoneInfo(text))
            except (ZoneInfoNotFoundError, ValueError, OSError):
                is_known = False
            if not is_known:
                self.findings.add(node.place, "unknown_zone", f"there is no time zone {text!r}")
        return text

    def bilingual(self, node: Node | None, place: Place) -> Text:
        """Return words in Chinese and English, both needed."""
        parts = self.fields(node, place, ("zh", "en"))
        return Text(self.text(parts.get("zh")), self.text(parts.get("en")))

    def _shape(self, node: Node | None, place: Place, expected: str, code: str = "wrong_shape") -> None:
        match node:
            case Scalar():
                got = repr(node.text) if node.kind != "null" else "nothing"
            case Items():
                got = "a list"
            case Entries():
                got = "a mapping"
            case _:
                got = "nothing"
        self.findings.add(node.place if node is not None else place, code, f"expected {expected}, got {got}")
