"""YAML files that a contract describes: every mistake with its line and column, not only the first."""

from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from shared.rulekit.analysis.subject import Sourced, Way, place_of
from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar, figure_of
from shared.rulekit.reading.yaml_tree import read_yaml

T = TypeVar("T")
_SHAPES = ("`object`", "`array`")  # what msgspec calls mappings and lists
_YES, _NO = {"true", "yes", "on"}, {"false", "no", "off"}


def read_typed(path: Path, kind: type[T], findings: Findings) -> Sourced[T] | None:
    """Return the value of a whole file, or None after noting every mistake."""
    node = read_yaml(path, findings)
    return None if node is None else typed(node, kind, findings)


def read_items(path: Path, kind: type[T], findings: Findings) -> list[Sourced[T]]:
    """Return the sound items of a file that is a list of one kind, after noting every mistake of the others."""
    node = read_yaml(path, findings)
    if node is None:
        return []
    if not isinstance(node, Items):
        findings.add(node.place, "wrong_shape", "expected a list")
        return []
    found = [typed(item, kind, findings) for item in node.items]
    return [one for one in found if one is not None]


def typed(node: Node, kind: type[T], findings: Findings) -> Sourced[T] | None:
    """Return a node as the value of a contract, or None after noting every mistake.

    Codes: unknown_key, missing_key, wrong_shape, invalid_field.
    """
    if not _check(node, kind, findings):
        return None
    return Sourced(msgspec.convert(value_of(node), kind), node)


def value_of(node: Node) -> object:
    """Return a tree as plain values, as YAML means them; dates and times stay text."""
    match node:
        case Items(_, items):
            return [value_of(item) for item in items]
        case Entries(_, entries):
            return {name.text: value_of(value) for name, value in entries}
        case Scalar(_, "null", _):
            return None
        case Scalar(_, "boolean", text):
            return text.lower() in _YES if text.lower() in _YES | _NO else text
        case Scalar(_, "number", text):
            return figure_of(text)
        case Scalar(_, _, text):
            return text


def _check(node: Node, kind: Any, findings: Findings) -> bool:  # noqa: ANN401 - any type a contract's field can have
    """Look at the parts first, so that each tells its own mistake; then at the whole."""
    inner = _unwrapped(kind, node)
    sound = True
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(node, Entries):
        sound = _check_struct(node, inner, findings)
    elif get_origin(inner) is list and isinstance(node, Items):
        judged = [_check(item, get_args(inner)[0], findings) for item in node.items]
        sound = all(judged)
    return sound and _converts(node, kind, findings)


def _check_struct(node: Entries, kind: type[msgspec.Struct], findings: Findings) -> bool:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    sound = True
    for name, value in node.entries:
        if name.text not in fields:
            near = nearest(name.text, fields)
            findings.add(name.place, "unknown_key", f"there is no key {name.text!r}", near)
            sound = False
        else:
            sound = _check(value, fields[name.text].type, findings) and sound
    for field_name, field in fields.items():
        if field.required and node.get(field_name) is None:
            findings.add(node.place, "missing_key", f"{field_name!r} is missing")
            sound = False
    return sound


def _unwrapped(kind: Any, node: Node) -> Any:  # noqa: ANN401 - see _check
    """Return a type without its constraints, and without the None that a node is not."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, UnionType}:
        others = [one for one in get_args(kind) if one is not type(None)]
        if len(others) == 1 and not (isinstance(node, Scalar) and node.kind == "null"):
            return _unwrapped(others[0], node)
    return kind


def _converts(node: Node, kind: Any, findings: Findings) -> bool:  # noqa: ANN401 - see _check
    try:
        msgspec.convert(value_of(node), kind)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at ")
        code = "wrong_shape" if any(shape in message for shape in _SHAPES) else "invalid_field"
        findings.add(place_of(node, *way_of(path.strip("`"))), code, message.replace("`", "'"))
        return False
    return True


def way_of(path: str) -> tuple[Way, ...]:
    """Return the steps of a path such as `$[3].prices[0].fen` or `phases[0].segment`."""
    steps: list[Way] = []
    for part in path.removeprefix("$").replace("[", ".[").split("."):
        if part.startswith("[") and part.endswith("]"):
            index = part[1:-1]
            steps.append(int(index) if index.isdecimal() else index)
        elif part:
            steps.append(part)
    return tuple(steps)
