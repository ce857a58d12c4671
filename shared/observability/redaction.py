"""Takes what tells who somebody is out of anything that is logged: numbers by their form, names by their key."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

REDACTED = "[redacted]"
_DEEPEST = 12
_LONGEST = 20_000
"""Characters of one text that are kept: a traceback has fewer, and a pattern must not chew on megabytes."""
_PART_OF_A_NUMBER = "0123456789 .-"

_GAP = r"[\s.\-()\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff\uff0d]{0,3}"
_START = r"(?:(?<!\d)|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
"""Not within a longer number; what repr() writes of a character, as in \\x90, is no part of one."""
_ONE, _EIGHT, _SIX, _NOUGHT = "[1１]", "[8８]", "[6６]", "[0０]"
_COUNTRY = rf"(?:[+＋]{_GAP})?(?:{_NOUGHT}{_GAP}{_NOUGHT}{_GAP})?{_EIGHT}{_GAP}{_SIX}{_GAP}"
_IDENTIFIER = r"\b[0-9a-f]{32}(?:[0-9a-f]{32})?\b|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
"""Ids of our own making, which are hexadecimal and may by chance hold eleven digits in a row."""
_ICCID = r"(?<![0-9A-Za-z])8986[0-9A-Za-z]{15,16}(?![0-9A-Za-z])|(?<!\d)89\d{17,18}(?!\d)"
_IDENTITY_CARD = r"(?<!\d)[1-9]\d{5}(?:1[89]|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
_IMSI = r"(?<!\d)460\d{12}(?!\d)"
_MSISDN = (
    rf"{_START}(?:{_COUNTRY})?(?:{_NOUGHT}{_GAP})?{_ONE}"
    # Without gaps whatever has eleven digits; with gaps what can be a mobile number, or any row of figures were one.
    rf"(?:\d{{10}}|{_GAP}[3-9３-９](?:{_GAP}\d){{9}})(?!\d)"
)
_NUMBER = re.compile(f"(?P<kept>{_IDENTIFIER})|{_ICCID}|{_IDENTITY_CARD}|{_IMSI}|{_MSISDN}")

_PERSONAL_WORDS = (
    r"(?:[a-z]+_)?name|(?:[a-z]+_)?msisdn|(?:[a-z]+_)?phone(?:_number|_no)?|mobile(?:_number|_no)?|tel(?:ephone)?"
    r"|iccid|imsi|imei|id_?(?:card|number|no)|certificate(?:_no)?|address|birth(?:day|_date)"
    r"|password|passwd|secret|token|authorization|姓名|客户名称|手机号码?|电话|身份证号?码?|证件号码?|地址"
)
_TECHNICAL = frozenset(
    {"hostname", "filename", "pathname", "class_name", "file_name", "host_name", "user_name", "display_name"}
) | {f"{thing}_name" for thing in ("service", "queue", "method", "event", "table", "rule", "function", "thread")}
_PERSONAL_KEY = re.compile(_PERSONAL_WORDS, re.IGNORECASE)
_KEYED = re.compile(
    rf"(?<![\w.])(?P<key>[\"'\\]{{0,2}}(?P<word>{_PERSONAL_WORDS})[\"'\\]{{0,2}}\s*[=:\uff1a]\s*)"
    r"(?:\\\"(?:[^\"\\\n]|\\(?!\"))*\\\"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\d[\d\s-]{5,}|[^\s,;'\"()\[\]{}\d<>=:]*[\u3400-\u9fff][^\s,;'\"()\[\]{}]*)",
    re.IGNORECASE,
)
_DUMPS = re.compile(
    r"(?P<head>\[parameters: )(?:.*?)(?P<tail>\]\s*(?=\(Background on this error|$(?!\n))|\]\n|\Z)"
    r"|(?P<row>Failing row contains \().*?(?P<row_end>\)\.|\Z)"
    r"|(?P<key>Key \([^)\n]*\)=\().*?(?P<key_end>\) (?=already|is )|\)\.?$|\Z)",
    re.DOTALL | re.MULTILINE,
)


def redacted(key: str, value: object, depth: int = 0) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a value as it may be logged under `key`: texts cleaned, structs and mappings by their keys, at any depth.

    What is nested too deep, and what cannot be shown as plain data nor as text, is left out.
    """
    if value is None or isinstance(value, bool | date | timedelta):
        return value
    if _is_personal(key) or depth > _DEEPEST:
        return REDACTED
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, int | float):
        return REDACTED if _NUMBER.search(f"{value:.0f}" if isinstance(value, float) else str(value)) else value
    return _of_many(value, depth)


def _of_many(value: object, depth: int) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, Mapping):
        return {redacted_text(str(name)): redacted(str(name), inner, depth + 1) for name, inner in list(value.items())}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted("", inner, depth + 1) for inner in value]
    return _plain(value, depth)


def redacted_text(text: str) -> str:
    """Return a text without numbers of people, parameters of statements, and names that stand beside their key."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rstrip(_PART_OF_A_NUMBER)} …"
    if "[parameters: " in text or "Failing row" in text or "Key (" in text:
        text = _DUMPS.sub(_emptied, text)
    if "=" in text or ":" in text or "\uff1a" in text:
        text = _KEYED.sub(_without_value, text)
    return _NUMBER.sub(_kept, text)


def _plain(value: object, depth: int) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, bytes | bytearray | memoryview):
        return redacted_text(bytes(value).decode("utf-8", "replace"))
    try:
        return redacted("", msgspec.to_builtins(value, str_keys=True), depth + 1)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return redacted_text(repr(value))
    except Exception:  # noqa: BLE001 - a log line must not fail for what somebody's __repr__ does
        return f"[{type(value).__name__}]"


def _is_personal(key: str) -> bool:
    return key not in _TECHNICAL and _PERSONAL_KEY.fullmatch(key) is not None


def _kept(found: "re.Match[str]") -> str:
    return found.group() if found["kept"] else REDACTED


def _without_value(found: "re.Match[str]") -> str:
    return found.group() if found["word"].lower() in _TECHNICAL else f"{found['key']}{REDACTED}"


def _emptied(found: "re.Match[str]") -> str:
    head = found["head"] or found["row"] or found["key"]
    tail = found["tail"] or found["row_end"] or found["key_end"] or ""
    return f"{head}{REDACTED}{tail}"
