"""YAML files as trees, through libyaml's composer: no Python object is built from a file, every key keeps its place."""

from pathlib import Path
from typing import Literal

import yaml

from shared.rulekit.faults import Findings, Place
from shared.rulekit.tree import Entries, Items, Node, Scalar

_LARGEST_FILE = 1_000_000  # bytes
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


def read_yaml(path: Path, findings: Findings, *, shown: str | None = None) -> Node | None:
    """Return the tree of a YAML file, or None after noting why not; `shown` is the path faults carry.

    Codes: unreadable, not_utf8, too_large, syntax, empty, nested_too_deep, duplicate_key,
    alias, tag.
    """
    name = shown or str(path)
    start = Place(name, 1, 1)
    try:
        raw = path.read_bytes()
    except OSError as error:
        findings.add(start, "unreadable", f"cannot be read: {error.strerror}")
        return None
    if len(raw) > _LARGEST_FILE:
        findings.add(start, "too_large", f"{len(raw)} bytes; a rule file has at most {_LARGEST_FILE}")
        return None
    try:
        return read_yaml_text(raw.decode("utf-8-sig"), name, findings)
    except UnicodeDecodeError as error:
        findings.add(start, "not_utf8", f"byte {error.start} is not UTF-8")
        return None


def read_yaml_text(text: str, name: str, findings: Findings) -> Node | None:
    """Return the tree of YAML text, or None after noting why not."""
    try:
        if _is_too_deep(text, name, findings):
            return None
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        findings.add(place, "syntax", str(error.problem or error.context))
        return None
    except yaml.YAMLError as error:
        findings.add(Place(name, 1, 1), "syntax", str(error).splitlines()[0])
        return None
    if root is None:
        findings.add(Place(name, 1, 1), "empty", "the file is empty")
        return None
    return _Composer(name, findings).convert(root)


def _is_too_deep(text: str, name: str, findings: Findings) -> bool:
    """Look at the nesting first, event by event: libyaml's composer recurses until the process dies."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            mark = event.start_mark
            place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
            findings.add(place, "nested_too_deep", f"more than {_DEEPEST} levels in one another")
            return True
    return False


class _Composer:
    """Turns PyYAML's nodes into ours, noting duplicate keys, aliases and foreign tags."""

    def __init__(self, name: str, findings: Findings) -> None:
        self._name = name
        self._findings = findings
        self._seen: set[int] = set()

    def convert(self, node: yaml.Node) -> Node:
        place = Place(self._name, node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in self._seen:  # the composer returns one object for an anchor and all its aliases
            self._findings.add(place, "alias", "anchors and aliases are not part of the rule language: write it out")
            return Scalar(place, "null", "null")
        self._seen.add(id(node))
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
