"""A column map: which cells of a row make a subscriber's id and facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from services.customer_view.domain.batches import is_customer_id
from services.customer_view.domain.cells import BadCell, Cells, Recipe, Source, Value, shown


@dataclass(frozen=True, slots=True)
class Identity:
    """The column that names the subscriber, and what is put before it to keep sources apart."""

    source: Source
    prefix: str = ""

    def read(self, cells: Cells) -> str:
        """Return the customer id; raises BadCell if there is none or it cannot be one."""
        text = self.source.text(cells)
        if not text:
            raise BadCell(self.source.column, "there is no subscriber id")
        customer_id = self.prefix + text
        if not is_customer_id(customer_id):
            raise BadCell(self.source.column, f"{shown(customer_id)} is not a subscriber id")
        return customer_id


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A file's layout and a recipe for each fact it knows; facts without one stay as they are."""

    name: str
    identity: Identity
    facts: Mapping[str, Recipe]
    encoding: str | None = None
    """utf-8, gb18030, or None: told from the first bytes."""
    delimiter: str = ","

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the map reads, each once, in order of mention."""
        named = [self.identity.source.column]
        named += [column for recipe in self.facts.values() for column in recipe.columns]
        return tuple(dict.fromkeys(named))

    def facts_of(self, cells: Cells) -> tuple[dict[str, Value], list[tuple[str, BadCell]]]:
        """Return the row's facts, unknown where a cell is bad, and the bad cells by fact."""
        facts: dict[str, Value] = {}
        bad: list[tuple[str, BadCell]] = []
        for name, recipe in self.facts.items():
            try:
                facts[name] = recipe.read(cells)
            except BadCell as cell:
                facts[name] = None
                bad.append((name, cell))
        return facts, bad


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A column the map needs and the file lacks, with the most similar names the file has."""

    name: str
    nearest: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name!r}" + (f" (nearest: {', '.join(map(repr, self.nearest))})" if self.nearest else "")


def missing_columns(needed: Iterable[str], present: Iterable[str]) -> list[MissingColumn]:
    """Return the columns that are not there, each with up to three similar ones."""
    names = list(present)
    known = set(names)
    return [
        MissingColumn(name, tuple(get_close_matches(name, names, n=3, cutoff=0.5)))
        for name in needed
        if name not in known
    ]
