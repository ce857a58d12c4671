"""The vocabulary: every fact a rule may use, with its type, unit, owner, column, permitted values and labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from shared.kernel.text import Text

FactType = Literal["integer", "number", "money", "boolean", "text", "enum", "set", "date"]
FACT_TYPES: tuple[FactType, ...] = get_args(FactType)
ORDERED_TYPES: frozenset[FactType] = frozenset({"integer", "number", "money", "date"})
CHOICE_TYPES: frozenset[FactType] = frozenset({"enum", "set"})

DECIMALS = 4
"""A number fact has at most this many decimals, so that all executors can compare it as a whole number of 1/10000."""
SCALE = 10_000
"""Ten to the power of DECIMALS."""
LARGEST_INTEGER = 10**12
"""Integers and money (in fen) lie within ± this; a product with `times` then still fits 64 bits."""
LARGEST_NUMBER = 10**8
"""Numbers lie within ± this: with four decimals the same span as integers."""
LONGEST_TEXT = 1000
"""Bytes of UTF-8 in a text fact or literal."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `values` maps each permitted value of an enum or set to its label, and is empty for other types."""

    name: str
    type: FactType
    owner: str
    column: str
    label: Text
    unit: str = ""
    values: Mapping[str, Text] = field(default_factory=dict)
    held_by: frozenset[str] = frozenset()
    """Services that hold a replica, fed by the owner's events."""

    @property
    def holders(self) -> frozenset[str]:
        """The services that can judge by this fact without asking another: its owner, and who holds a replica."""
        return self.held_by | {self.owner}


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """All facts by name, in the order of the file; `version` is 12 hex digits of its content."""

    facts: Mapping[str, Fact]
    version: str

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    def __len__(self) -> int:
        return len(self.facts)

    def owned_by(self, owner: str) -> tuple[Fact, ...]:
        """Return the facts one service owns, in the order of the file."""
        return tuple(fact for fact in self if fact.owner == owner)
