"""Literals in rules, checked against the type of the fact they are compared with."""

import re
from datetime import date
from decimal import Decimal

from shared.rulekit.facts import is_plain_text, iso_date, nearest
from shared.rulekit.faults import Findings
from shared.rulekit.reading.tree import Node
from shared.rulekit.reading.tree import Scalar as ScalarNode
from shared.rulekit.vocabulary import DECIMALS, LARGEST_INTEGER, LARGEST_NUMBER, LONGEST_TEXT, Fact

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")  # 010 is 8 to YAML and 10 to a person: refused
_FEN = 2

Literal = int | float | bool | str | date


def read_literal(fact: Fact, node: Node, findings: Findings) -> Literal | None:  # noqa: PLR0911 - one answer for each type
    """Return a literal in the form facts have (money in fen), or None after noting why not.

    Codes: wrong_shape, wrong_type, bad_number, too_precise, too_large, bad_date, unknown_value, bad_text.
    """
    if not isinstance(node, ScalarNode):
        findings.add(node.place, "wrong_shape", f"{fact.name} ({fact.type}) is compared with a single value")
        return None
    if node.kind == "null":
        message = f"{fact.name} is compared with nothing; whether it is known is asked by is_known"
        findings.add(node.place, "wrong_type", message)
        return None
    match fact.type:
        case "boolean":
            return _boolean(fact, node, findings)
        case "integer":
            return _number(fact, node, findings, decimals=0, largest=LARGEST_INTEGER)
        case "money":
            return _number(fact, node, findings, decimals=_FEN, largest=LARGEST_INTEGER)
        case "number":
            return _number(fact, node, findings, decimals=DECIMALS, largest=LARGEST_NUMBER)
        case "date":
            return _date(fact, node, findings)
        case _:
            return _text(fact, node, findings)


def read_decimal(node: Node, decimals: int, findings: Findings) -> Decimal | None:
    """Return a plain decimal number of at most so many decimals, or None after noting why not."""
    if not isinstance(node, ScalarNode) or node.kind != "number" or not _DECIMAL.fullmatch(node.text):
        shown = repr(node.text) if isinstance(node, ScalarNode) else "a group"
        is_quoted = isinstance(node, ScalarNode) and node.kind == "text" and _DECIMAL.fullmatch(node.text)
        message = f"expected a number in plain decimals, like 12 or 0.5, got {shown}"
        findings.add(node.place, "bad_number", f"{message}: write it without quotes" if is_quoted else message)
        return None
    value = Decimal(node.text)
    if value != round(value, decimals):
        findings.add(node.place, "too_precise", f"{node.text} has more than {decimals} decimals")
        return None
    return value


def _number(fact: Fact, node: ScalarNode, findings: Findings, *, decimals: int, largest: int) -> int | float | None:
    value = read_decimal(node, decimals, findings)
    if value is None:
        return None
    in_fen = value * 100 if fact.type == "money" else value
    if abs(in_fen) > largest:
        findings.add(node.place, "too_large", f"{node.text} is beyond what {fact.name} can be")
        return None
    return float(value) if fact.type == "number" else int(in_fen)


def _boolean(fact: Fact, node: ScalarNode, findings: Findings) -> bool | None:
    if node.text in {"true", "false"} and node.kind == "boolean":
        return node.text == "true"
    message = f"{fact.name} is true or false, not {node.text!r}"
    is_quoted = node.text in {"true", "false"}
    findings.add(node.place, "wrong_type", f"{message}: write it without quotes" if is_quoted else message)
    return None


def _date(fact: Fact, node: ScalarNode, findings: Findings) -> date | None:
    value = iso_date(node.text)
    if value is None:
        findings.add(node.place, "bad_date", f"{fact.name} is a date like 2026-03-02, not {node.text!r}")
    return value


def _text(fact: Fact, node: ScalarNode, findings: Findings) -> str | None:
    if fact.type != "text":
        if node.text in fact.values:
            return node.text
        message = f"{node.text!r} is not a value of {fact.name}"
        findings.add(node.place, "unknown_value", message, nearest(node.text, fact.values))
        return None
    if node.kind != "text":
        findings.add(node.place, "wrong_type", f"{fact.name} is a text: write {node.text} in quotes")
        return None
    if not is_plain_text(node.text):
        findings.add(node.place, "bad_text", f"control characters, or more than {LONGEST_TEXT} bytes")
        return None
    return node.text
