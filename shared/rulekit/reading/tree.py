"""Rule text as a tree of nodes that know their place: the same whether it came from YAML or from a request."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.rulekit.faults import Place

_DEEPEST = 40  # groups in groups; no rule a person can read comes near it


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it was written."""

    place: Place
    kind: Literal["text", "number", "boolean", "date", "null"]
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping, in the order it was written; keys are unique."""

    place: Place
    entries: tuple[tuple[Scalar, "Node"], ...]

    def get(self, key: str) -> "Node | None":
        """Return the value under a key, or None."""
        return next((node for name, node in self.entries if name.text == key), None)


Node = Scalar | Items | Entries


class TooDeep(ValueError):  # noqa: N818 - says what is wrong, as the faults do
    """A tree nested more deeply than any rule needs to be."""


def tree_of(value: object, way: str = "rule", depth: int = 0) -> Node:  # noqa: PLR0911 - one answer for each type
    """Return plain Python data (as decoded from JSON) as a tree; places are ways like `rule.all.2`.

    Raises TooDeep, and TypeError for a value that JSON cannot hold (dates are taken too).
    """
    if depth > _DEEPEST:
        raise TooDeep(way)
    place = Place(way)
    match value:
        case Mapping():
            return Entries(
                place,
                tuple(
                    (Scalar(Place(f"{way}.{key}"), "text", str(key)), tree_of(item, f"{way}.{key}", depth + 1))
                    for key, item in value.items()
                ),
            )
        case list() | tuple():
            return Items(place, tuple(tree_of(item, f"{way}.{at}", depth + 1) for at, item in enumerate(value)))
        case None:
            return Scalar(place, "null", "null")
        case bool():
            return Scalar(place, "boolean", "true" if value else "false")
        case int() | float():
            return Scalar(place, "number", repr(value))
        case str():
            return Scalar(place, "text", value)
        case date():
            return Scalar(place, "date", value.isoformat())
        case _:
            msg = f"{way}: a rule cannot hold a {type(value).__name__}"
            raise TypeError(msg)


def figure_of(text: str) -> int | float | str:
    """Return the number a scalar of kind `number` writes; a form that only YAML knows (0o17, .inf) stays text."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def version_of(*parts: object) -> str:
    """Return 12 hex digits of the content of nodes, texts and lists of them: layout and key order do not count."""
    canonical = json.dumps([_plain(part) for part in parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _plain(part: object) -> object:
    match part:
        case Scalar():
            return part.text
        case Items():
            return [_plain(item) for item in part.items]
        case Entries():
            return {name.text: _plain(node) for name, node in part.entries}
        case list() | tuple():
            return [_plain(item) for item in part]
        case _:
            return part
