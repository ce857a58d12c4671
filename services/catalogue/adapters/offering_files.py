"""Offerings in YAML files: a list of offerings in each, with the fields of the contract (amounts in fen)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shared.contracts.catalogue import Offering
from shared.rulekit.faults import Findings, Place, RuleFault
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.reading.yaml_tree import read_yaml

_WHERE = re.compile(r" - at `\$(?P<way>[^`]*)`$")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<at>\d+)\]")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")


@dataclass(frozen=True, slots=True)
class OfferingFiles:
    """What a folder holds: `places[i]` (`path:line`) is where `offerings[i]` stands, `faults` what cannot be read.

    A fault of `upsert_offerings` about index i is one of `places[i]`.
    """

    offerings: tuple[Offering, ...]
    places: tuple[str, ...]
    faults: tuple[RuleFault, ...]


def read_offerings(path: Path) -> OfferingFiles:
    """Read every `*.yaml` of a folder, or one file; good offerings are returned beside the faults of the others.

    Codes: no_such_path, wrong_shape, invalid_offering, duplicate_offering, and those of
    shared.rulekit.reading.yaml_tree.
    """
    findings = Findings()
    found: dict[str, tuple[Offering, str]] = {}
    for file in _files(path, findings):
        for node in _nodes(read_yaml(file, findings), findings):
            offering = _offering(node, findings)
            if offering is None:
                continue
            if offering.offering_id in found:
                message = f"{offering.offering_id!r} is already there, at {found[offering.offering_id][1]}"
                findings.add(node.place, "duplicate_offering", message)
            else:
                found[offering.offering_id] = offering, f"{node.place.path}:{node.place.line}"
    read = tuple(found.values())
    return OfferingFiles(
        offerings=tuple(offering for offering, _ in read),
        places=tuple(place for _, place in read),
        faults=tuple(findings.faults),
    )


def _files(path: Path, findings: Findings) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.yaml"))
    if not path.is_file():
        findings.add(Place(str(path), 1, 1), "no_such_path", "there is no such file or folder")
        return []
    return [path]


def _nodes(root: Node | None, findings: Findings) -> Iterator[Entries]:
    match root:
        case None:
            return
        case Items(items=items):
            for node in items:
                if isinstance(node, Entries):
                    yield node
                else:
                    findings.add(node.place, "wrong_shape", "an offering is a mapping of fields")
        case _:
            findings.add(
                root.place, "wrong_shape", "a file holds a list of offerings: begin each with `- offering_id:`"
            )


def _offering(node: Entries, findings: Findings) -> Offering | None:
    try:
        return msgspec.convert(_plain(node), Offering)
    except msgspec.ValidationError as fault:
        text = str(fault)
        way = found.group("way") if (found := _WHERE.search(text)) else ""
        if unknown := _UNKNOWN.search(text):
            way += f".{unknown.group('key')}"
        findings.add(_place(node, way), "invalid_offering", text)
        return None


def _place(node: Node, way: str) -> Place:
    """Follow msgspec's way (`.prices[0].amount_fen`) as far as it goes and return where that stands."""
    place = node.place
    for step in _STEP.finditer(way):
        if step["key"] and isinstance(node, Entries):
            pair = next((pair for pair in node.entries if pair[0].text == step["key"]), None)
            if pair is None:
                return place
            place, node = pair[0].place, pair[1]
        elif step["at"] and isinstance(node, Items):
            node = node.items[int(step["at"])]
            place = node.place
    return place


def _plain(node: Node) -> object:
    match node:
        case Entries(entries=entries):
            return {key.text: _plain(value) for key, value in entries}
        case Items(items=items):
            return [_plain(item) for item in items]
        case Scalar():
            return _value(node)


def _value(scalar: Scalar) -> object:
    match scalar.kind:
        case "null":
            return None
        case "boolean":
            return scalar.text.lower() in {"true", "yes", "on"}
        case "number":
            return _number(scalar.text)
        case _:
            return scalar.text


def _number(text: str) -> object:
    """Read a whole or decimal number; YAML's other spellings (octal, sexagesimal) stay text and are refused as such."""
    if re.fullmatch(r"[-+]?(0|[1-9]\d*)", text):
        return int(text)
    if re.fullmatch(r"[-+]?\d+\.\d+", text):
        return float(text)
    return text
