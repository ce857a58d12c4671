"""Comments of a YAML text, and the entries they belong to: those before an entry, and one on its first line."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from shared.rulekit.reading.tree import Entries, Items, Node

Position = tuple[int, int]
"""Line and column, from 1."""


@dataclass(slots=True)
class Comments:
    """Comments by the place of the entry (a mapping's key, or a list's item) they belong to, and those at the end."""

    before: dict[Position, list[str]] = field(default_factory=dict)
    beside: dict[Position, str] = field(default_factory=dict)
    after_all: list[str] = field(default_factory=list)

    def within(self, node: Node) -> bool:
        """Tell whether a part of the node has comments."""
        return any(place in self.before or place in self.beside for place in _entries_of(node))


def comments_of(text: str, root: Node) -> Comments:
    """Return the comments of a text whose tree is `root`."""
    found = Comments()
    first_of_line: dict[int, Position] = {}
    for start in _entries_of(root):
        first_of_line.setdefault(start[0], start)
    lines = sorted(first_of_line)
    for line, is_alone, words in _comments(text):
        at = bisect_right(lines, line)
        own = first_of_line[lines[at - 1]] if at else None
        if not is_alone and own is not None and own not in found.beside:
            found.beside[own] = words
        elif at == len(lines):
            found.after_all.append(words)
        else:
            found.before.setdefault(first_of_line[lines[at]], []).append(words)
    return found


def _entries_of(node: Node) -> Iterator[Position]:
    """Yield where each entry begins, outer ones first."""
    if isinstance(node, Entries):
        for name, value in node.entries:
            yield name.place.line, name.place.column
            yield from _entries_of(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield item.place.line, item.place.column
            yield from _entries_of(item)


def _comments(text: str) -> Iterator[tuple[int, bool, str]]:
    """Yield line, whether it stands alone, and words of each comment: what lies between tokens is space or comment."""
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    end = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        yield from _in_gap(text, end, token.start_mark.index, starts)
        end = max(end, token.end_mark.index)
    yield from _in_gap(text, end, len(text), starts)


def _in_gap(text: str, start: int, end: int, starts: Sequence[int]) -> Iterator[tuple[int, bool, str]]:
    while (at := text.find("#", start, end)) >= 0:
        newline = text.find("\n", at)
        stop = len(text) if newline < 0 else newline
        line = bisect_right(starts, at)
        yield line, not text[starts[line - 1] : at].strip(), text[at:stop].rstrip()
        start = stop
