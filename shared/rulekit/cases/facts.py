"""Facts as cases write them (money in yuan, as in rules), in the form in which the bus carries them (fen)."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from shared.rulekit.facts import FactFault, FactValue, check_facts
from shared.rulekit.faults import Findings
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar, figure_of
from shared.rulekit.vocabulary import Vocabulary

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]


@dataclass(slots=True)
class CaseFacts:
    """Reads facts; faults go to `findings`. Codes: wrong_shape, and those of `check_facts`."""

    findings: Findings

    def read(self, node: Node | None, vocabulary: Vocabulary) -> dict[str, FactValue]:
        """Return the facts that are sound."""
        if not isinstance(node, Entries):
            if node is not None:
                self.findings.add(node.place, "wrong_shape", "facts are a mapping of fact to value")
            return {}
        facts: dict[str, FactValue] = {}
        for name, value in node.entries:
            read = _value(name.text, value, vocabulary)
            faults: list[FactFault] = check_facts({name.text: read}, vocabulary)
            for fault in faults:
                self.findings.add(name.place, fault.code, fault.message, fault.suggestion)
            if not faults:
                facts[name.text] = read
        return facts


def _value(name: str, node: Node, vocabulary: Vocabulary) -> FactValue:
    value = _plain(node)
    fact = vocabulary.facts.get(name)
    if fact is not None and isinstance(node, Scalar):
        if fact.type == "money" and node.kind == "number":
            return _fen(node.text, value)
        if fact.type in {"text", "enum"} and node.kind != "null":
            return node.text
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value) if isinstance(value, dict) else value


def _fen(text: str, value: Plain) -> FactValue:
    """Return an amount in fen; one that is not whole stays as it is, and is told as no amount of money."""
    try:
        fen = Decimal(text) * 100
        return int(fen) if fen == fen.to_integral_value() else float(fen)
    except (InvalidOperation, OverflowError, ValueError):
        return str(value)


def _plain(node: Node) -> Plain:
    match node:
        case Items(_, items):
            return [_plain(item) for item in items]
        case Entries(_, entries):
            return {name.text: _plain(value) for name, value in entries}
        case Scalar(_, "null", _):
            return None
        case Scalar(_, "boolean", text) if text in {"true", "false"}:
            return text == "true"
        case Scalar(_, "number", text):
            return figure_of(text)
        case Scalar(_, _, text):
            return text
