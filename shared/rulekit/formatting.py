"""The canonical form of rule files: what `banyan rules fmt` writes.

Keys stand in the order of `_RULE` or `_CASE`. Conditions, lists of mappings, and whatever holds a comment are written
one entry a line; everything else is written in flow form on one line if it fits in 120 columns. Words for people (`zh`,
`en`) stand in double quotes; everything else is plain where that means the same. Comments stay with their entry.
"""

import re
from dataclasses import dataclass

import yaml.resolver

from shared.rulekit.comments import Comments, comments_of
from shared.rulekit.faults import Findings, Place
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar, version_of
from shared.rulekit.reading.yaml_tree import read_yaml_text

_WIDTH = 120
_INDENT = 2
_RULE = (
    *("id", "owner", "kind", "level", "classifies", "order", "valid_for", "because"),
    *("members", "ranks", "offering", "products", "winner", "loser"),  # conflicts, ranking
    *("applies_to", "per", "limit", "window", "at_least"),  # contact policies
    *("event", "where", "steps", "within", "after", "without", "for"),  # triggers
    *("weekly", "holidays", "list", "override", "of", "same", "span", "zone"),
    *("value", "propensity", "priority", "when", "again_after"),
)
_TRIGGER = ("event", "where", "at_least", "within")
_CASE = (
    *("title", "on", "facts", "events", "last_fired_at"),
    *("candidates", "products", "with", "lists", "overrides", "already", "history"),
    *("advance", "at", "request", "offer", "outcome", "steps", "expect", "next_allowed_at", "reasons", "because"),
)
_PARTS = {
    "because": ("zh", "en"),
    "valid_for": ("from", "to"),
    "applies_to": ("directions", "purposes", "channels", "categories", "campaigns"),
    "members": ("categories", "campaigns", "offerings"),
    "weekly": ("days", "from", "to"),
    "holidays": ("dates", "from", "to"),
    "steps": (*_CASE, "event", "where"),
}
_CONDITIONS = {"when", "where", "all", "any", "not"}
_WORDS = {"zh", "en"}
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`\x00-\x1f]|[-?:](?=[^\s,\[\]{}])")  # how a plain scalar may begin
_UNSAFE = re.compile(r": | #|:$|\s$")
_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]|^[?:]")
_TIME = re.compile(r"[0-9]+:")  # some readers take 21:00 for a number
_RESOLVER = yaml.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def format_rule_file(text: str, name: str) -> str:
    """Return the canonical form of the text of a `rule.yaml` or `cases.yaml`; `name` is the path faults carry.

    Raises RuleFaults for a text that cannot be read, and (code format_changes_meaning) rather than change its meaning.
    """
    root = _read(text, name)
    layout = _Layout(comments_of(text, root))
    formatted = "\n".join(layout.document(root)) + "\n"
    again = _read(formatted, name)
    if version_of(again) != version_of(root) or _meaning(again) != _meaning(root):
        findings = Findings()
        findings.add(Place(name, 1, 1), "format_changes_meaning", "cannot be formatted without a change; left as it is")
        findings.check()
    return formatted


def _read(text: str, name: str) -> Node:
    findings = Findings()
    root = read_yaml_text(text, name, findings)
    findings.check()
    assert root is not None  # noqa: S101 - the reader notes why there is none
    return root


def _meaning(node: Node) -> object:
    """Return kinds and texts, whatever the order of keys."""
    match node:
        case Entries(_, entries):
            return {(name.kind, name.text): _meaning(value) for name, value in entries}
        case Items(_, items):
            return [_meaning(item) for item in items]
        case Scalar(_, kind, text):
            return kind, text


@dataclass(frozen=True, slots=True)
class _Layout:
    comments: Comments

    def document(self, root: Node) -> list[str]:
        """Return the lines of a file."""
        if isinstance(root, Items) and root.items:
            lines = [line for item in root.items for line in self._item(item, 0, _CASE, is_block=True)]
        elif isinstance(root, Entries) and root.entries:
            lines = self._mapping(root, 0, _order_of(root))
        else:
            lines = [_flow(root)]
        return lines + self.comments.after_all

    def _mapping(self, node: Entries, indent: int, order: tuple[str, ...], *, is_whole: bool = True) -> list[str]:
        """Return a mapping's lines; what introduces a file or an item (`is_whole`) stays on top of it."""
        entries = sorted(node.entries, key=lambda entry: _rank(order, entry[0].text))
        first = _at(node.entries[0][0])
        head = self._before(first, indent) if is_whole else []
        return head + [
            line
            for name, value in entries
            for line in self._entry(name, value, indent, is_told=bool(head) and _at(name) == first)
        ]

    def _entry(self, name: Scalar, value: Node, indent: int, *, is_told: bool) -> list[str]:
        before = [] if is_told else self._before(_at(name), indent)
        lead = f"{' ' * indent}{_scalar(name)}:"
        key, quoted = name.text, name.text in _WORDS
        if self._is_flow(key, value):
            words = _scalar(value, quoted=quoted, flow=False) if isinstance(value, Scalar) else _flow(value, key)
            line = f"{lead} {words}"
            if len(line) <= _WIDTH or isinstance(value, Scalar):
                return before + self._beside(_at(name), [line.rstrip()])
        if isinstance(value, Items) and _is_of_scalars(value) and not self.comments.within(value):
            lines = [lead, *_wrapped(value, indent + _INDENT)]
        elif isinstance(value, Items):
            order = _PARTS.get(key, ())
            block = key in _CONDITIONS
            items = (self._item(item, indent + _INDENT, order, is_block=block) for item in value.items)
            lines = [lead, *(line for item in items for line in item)]
        elif isinstance(value, Entries):
            lines = [lead, *self._mapping(value, indent + _INDENT, _PARTS.get(key, ()), is_whole=False)]
        else:
            lines = [lead]
        return before + self._beside(_at(name), lines)

    def _item(self, item: Node, indent: int, order: tuple[str, ...], *, is_block: bool = False) -> list[str]:
        before = self._before(_at(item), indent)
        dash = f"{' ' * indent}- "
        if self._is_flow("", item) and not (is_block and isinstance(item, Entries)):
            line = dash + _flow(item, order=order)
            if len(line) <= _WIDTH or isinstance(item, Scalar):
                return before + self._beside(_at(item), [line])
        if isinstance(item, Entries) and item.entries:
            lines = self._mapping(item, indent + _INDENT, order)
            own = next(at for at, line in enumerate(lines) if not line.lstrip().startswith("#"))
            moved = [line[_INDENT:] for line in lines[:own]]
            lines = [*moved, dash + lines[own][indent + _INDENT :], *lines[own + 1 :]]
            if _at(item) == _at(item.entries[0][0]):  # its first entry has told
                return lines
            return before + self._beside(_at(item), lines, own)
        if isinstance(item, Items) and item.items and not _is_of_scalars(item):
            inner = [line for one in item.items for line in self._item(one, indent + _INDENT, ())]
            return before + self._beside(_at(item), [dash + inner[0].lstrip(), *inner[1:]])
        return before + self._beside(_at(item), [dash + _flow(item)])

    def _is_flow(self, key: str, value: Node) -> bool:
        """Tell whether the value goes on one line, if it fits."""
        if isinstance(value, Scalar):
            return True
        if self.comments.within(value):
            return False
        if isinstance(value, Items):
            return _is_of_scalars(value)
        if key in _CONDITIONS and value.entries:
            return False
        return all(self._is_flow(name.text, part) for name, part in value.entries)

    def _before(self, at: tuple[int, int], indent: int) -> list[str]:
        return [" " * indent + words for words in self.comments.before.get(at, ())]

    def _beside(self, at: tuple[int, int], lines: list[str], first: int = 0) -> list[str]:
        words = self.comments.beside.get(at)
        if words is None:
            return lines
        return [*lines[:first], f"{lines[first]}  {words}", *lines[first + 1 :]]


def _order_of(root: Entries) -> tuple[str, ...]:
    """Return the order of a rule's keys: a count's `at_least` belongs to its event, a spacing's stands for a limit."""
    if root.get("event") is None:
        return _RULE
    return (*(one for one in _RULE[: _RULE.index("event")] if one not in _TRIGGER), *_TRIGGER, *_RULE)


def _rank(order: tuple[str, ...], key: str) -> int:
    return order.index(key) if key in order else len(order)


def _at(node: Node) -> tuple[int, int]:
    return node.place.line, node.place.column


def _is_of_scalars(node: Items) -> bool:
    return all(isinstance(item, Scalar) for item in node.items)


def _flow(node: Node, key: str = "", order: tuple[str, ...] | None = None) -> str:
    if isinstance(node, Items):
        return "[" + ", ".join(_flow(item) for item in node.items) + "]"
    if isinstance(node, Entries):
        known = _PARTS.get(key, ()) if order is None else order
        entries = sorted(node.entries, key=lambda entry: _rank(known, entry[0].text))
        return "{" + ", ".join(f"{_scalar(name)}: {_inner(name.text, value)}" for name, value in entries) + "}"
    return _scalar(node)


def _inner(key: str, value: Node) -> str:
    return _scalar(value, quoted=key in _WORDS) if isinstance(value, Scalar) else _flow(value, key)


def _wrapped(node: Items, indent: int) -> list[str]:
    """Return a long list of scalars over several lines."""
    lines, line = [], " " * indent + "["
    for at, item in enumerate(node.items):
        piece = _flow(item) + ("]" if at + 1 == len(node.items) else ",")
        if len(line) + 1 + len(piece) > _WIDTH and line.strip() != "[":
            lines.append(line)
            line = " " * indent
        line += ("" if line.endswith("[") else " ") + piece
    return [*lines, line]


def _scalar(node: Scalar, *, quoted: bool = False, flow: bool = True) -> str:
    if node.kind != "text":
        return node.text
    if not quoted and _is_plain(node.text) and not (flow and _UNSAFE_IN_FLOW.search(node.text)):
        return node.text
    return '"' + "".join(_escaped(letter) for letter in node.text) + '"'


def _is_plain(text: str) -> bool:
    if not _PLAIN.match(text) or _UNSAFE.search(text) or _TIME.match(text) or text.startswith(("---", "...")):
        return False
    if not all(_is_shown(letter) for letter in text):
        return False
    resolved = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # PyYAML's
    return str(resolved) == _TEXT


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or letter == "\u3000"  # the wide space of Chinese texts


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if _is_shown(letter):
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the widths of YAML's escapes
