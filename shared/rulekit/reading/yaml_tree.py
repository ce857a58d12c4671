"""YAML files as trees, through libyaml's composer: no Python object is built from a file, every key keeps its place."""

import errno
import os
import stat
from pathlib import Path
from typing import Literal

import yaml

from shared.rulekit.faults import Findings, Place
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar

_LARGEST_FILE = 1_000_000  # bytes
_MOST_ALIASES = 20  # named one by one; a bomb has more
_MOST_VALUES = 50_000  # keys, values, ends of groups
_DEEPEST = 50  # mappings and lists in one another
_KINDS: dict[str, Literal["text", "number", "boolean", "date", "null"]] = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:timestamp": "date",
    "tag:yaml.org,2002:null": "null",
    "tag:yaml.org,2002:merge": "text",
    "tag:yaml.org,2002:value": "text",
}
_CONTAINERS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


def shown(path: Path) -> str:
    """Return a path as faults carry it: always printable, even where its bytes are no text."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def read_yaml(path: Path, findings: Findings) -> Node | None:
    """Return the tree of a YAML file, or None after noting why not.

    Codes: unreadable, not_utf8, too_large, syntax, empty, nested_too_deep, duplicate_key,
    alias, tag.
    """
    name = shown(path)
    start = Place(name, 1, 1)
    try:
        raw = _read_bytes(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        findings.add(start, "unreadable", f"cannot be read: {reason}")
        return None
    if len(raw) > _LARGEST_FILE:
        findings.add(start, "too_large", f"a rule file has at most {_LARGEST_FILE} bytes")
        return None
    try:
        return read_yaml_text(raw.decode("utf-8-sig"), name, findings)
    except UnicodeDecodeError as error:
        findings.add(_place_of_byte(raw, error.start, name), "not_utf8", f"byte {error.start} is not UTF-8")
        return None


def _place_of_byte(raw: bytes, offset: int, name: str) -> Place:
    before = raw[:offset].decode("utf-8-sig", "replace").split("\n")
    return Place(name, len(before), len(before[-1]) + 1)


def _read_bytes(path: Path) -> bytes:
    """Read one byte more than is allowed, at most; what is no plain file (a pipe, a device) is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123 - an open handle has no path
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file")
        return file.read(_LARGEST_FILE + 1)


def read_yaml_text(text: str, name: str, findings: Findings) -> Node | None:
    """Return the tree of YAML text, or None after noting why not."""
    try:
        if _is_refused(text, name, findings):
            return None
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        findings.add(place, "syntax", str(error.problem or error.context))
        return None
    except yaml.YAMLError as error:
        findings.add(_place_of(error, text, name), "syntax", str(error).splitlines()[0])
        return None
    if root is None:
        findings.add(Place(name, 1, 1), "empty", "the file is empty")
        return None
    return _Composer(name, findings).convert(root)


def _place_of(error: yaml.YAMLError, text: str, name: str) -> Place:
    """Return where a character stands that YAML does not permit, or the file's beginning."""
    at = getattr(error, "position", None)
    if not isinstance(at, int):
        return Place(name, 1, 1)
    before = text.encode()[:at].decode(errors="ignore")
    return Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _is_refused(text: str, name: str, findings: Findings) -> bool:
    """Look at nesting and aliases first, event by event: libyaml's composer recurses until the process dies.

    Only an event knows where an alias stands; the composer returns the anchor's own node for it.
    """
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if count > _MOST_VALUES:
            findings.add(Place(name, 1, 1), "too_large", f"a rule file holds at most {_MOST_VALUES} values")
            return True
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            findings.add(_start(event, name), "nested_too_deep", f"more than {_DEEPEST} levels in one another")
            return True
        if isinstance(event, yaml.AliasEvent):
            message = "anchors and aliases are not part of the rule language: write it out"
            findings.add(_start(event, name), "alias", message)
            aliases += 1
            if aliases == _MOST_ALIASES:
                return True
    return aliases > 0


def _start(event: yaml.Event, name: str) -> Place:
    mark = event.start_mark
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)


class _Composer:
    """Turns PyYAML's nodes into ours, noting duplicate keys and foreign tags."""

    def __init__(self, name: str, findings: Findings) -> None:
        self._name = name
        self._findings = findings

    def convert(self, node: yaml.Node) -> Node:
        place = Place(self._name, node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, place, known=node.tag in _CONTAINERS)
            return Entries(place, self._entries(node))
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, place, known=node.tag in _CONTAINERS)
            return Items(place, tuple(self.convert(item) for item in node.value))
        self._check_tag(node, place, known=node.tag in _KINDS)
        return Scalar(place, _KINDS.get(node.tag, "text"), node.value)

    def _entries(self, node: yaml.MappingNode) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key_node, value_node in node.value:
            key = self.convert(key_node)
            value = self.convert(value_node)
            if not isinstance(key, Scalar):
                self._findings.add(key.place, "wrong_shape", "a key must be a name")
            elif key.text in entries:
                first = entries[key.text][0].place.line
                self._findings.add(key.place, "duplicate_key", f"{key.text!r} is already there, on line {first}")
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())

    def _check_tag(self, node: yaml.Node, place: Place, *, known: bool) -> None:
        if not known:
            self._findings.add(place, "tag", f"tag {node.tag!r} is not part of the rule language")
