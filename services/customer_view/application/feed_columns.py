"""A stretch of a file through a column map, by the column: each distinct cell is read once, however often it comes.

What it accepts and refuses is what `imports.py` and `upsert_customers` do row by row; a property test compares them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress

from services.customer_view.application.feed_ports import Encoding, FactRows, ReadRows
from services.customer_view.application.feed_state import Reject
from services.customer_view.application.ports import RowChunk, SeenIds
from services.customer_view.domain.batches import LONGEST_ID
from services.customer_view.domain.cells import BadCell, Recipe
from services.customer_view.domain.column_map import ColumnMap, Identity
from services.customer_view.domain.redaction import masked, redacted
from shared.rulekit.facts import InvalidFact
from shared.rulekit.vocabulary import Fact, Vocabulary

_MOST_REMEMBERED = 50_000  # cells of one column
_WHY = ("there is no subscriber id", "is not a subscriber id", "does not fit the pattern")


class MapReading:
    """Reads the chunks of one file, in their order."""

    def __init__(self, column_map: ColumnMap, vocabulary: Vocabulary, encoding: Encoding, seen: SeenIds) -> None:
        self._identity = column_map.identity
        self._facts = [_FactColumn(recipe, vocabulary[name], encoding) for name, recipe in column_map.facts.items()]
        self._unknown = encoding.unknown
        self._seen = seen

    def pass_over(self, chunk: RowChunk) -> None:
        """Note the ids of rows that were stored before, so that those that come again are told."""
        self._seen.first_seen([one for one in self._ids(chunk, []) if one is not None])

    def read(self, chunk: RowChunk) -> ReadRows:
        """Return what a chunk says, and what of it is refused, in order of line."""
        rejects = [Reject(row.line, "row", redacted(row.fault)) for row in chunk.faults]
        ids = self._ids(chunk, rejects)
        keep = [one is not None for one in ids]
        self._drop_repeated(chunk, ids, keep, rejects)
        bad_cells, refused_facts = [], []
        columns: dict[str, list[object]] = {}
        for fact in self._facts:
            columns[fact.fact.column] = fact.read(chunk)
            bad_cells += [one for one in fact.bad_cells(chunk) if keep[one[0]]]
            refused_facts += [one for one in fact.refused(chunk) if keep[one[0]]]
        rejects += [reject for _, reject in (*bad_cells, *refused_facts)]
        for place, _ in refused_facts:
            keep[place] = False
        if not all(keep):
            columns = {name: list(compress(values, keep)) for name, values in columns.items()}
        rows = FactRows([one for one in compress(ids, keep) if one is not None], columns)
        return ReadRows(
            rows=rows,
            count=len(chunk.lines) + len(chunk.faults),
            refused=len(chunk.lines) + len(chunk.faults) - len(rows.customer_ids),
            bad_cells=len(bad_cells),
            unknown=Counter({one.fact.name: columns[one.fact.column].count(self._unknown) for one in self._facts}),
            rejects=sorted(rejects, key=lambda reject: reject.line),
            end=chunk.end,
        )

    def _ids(self, chunk: RowChunk, rejects: list[Reject]) -> list[str | None]:
        cells = chunk.columns[self._identity.source.column]
        return _plain_ids(self._identity, cells) or self._ids_one_by_one(chunk, cells, rejects)

    def _ids_one_by_one(self, chunk: RowChunk, cells: Sequence[str], rejects: list[Reject]) -> list[str | None]:
        column = self._identity.source.column
        ids: list[str | None] = []
        for line, cell in zip(chunk.lines, cells, strict=True):
            try:
                ids.append(self._identity.read({column: cell}))
            except BadCell as bad:
                ids.append(None)
                why = next((bad.message[bad.message.rfind(one) :] for one in _WHY if one in bad.message), "")
                rejects.append(Reject(line, column, f"bad_id: {why}", masked(cell)))
        return ids

    def _drop_repeated(
        self, chunk: RowChunk, ids: Sequence[str | None], keep: list[bool], rejects: list[Reject]
    ) -> None:
        places = [place for place, one in enumerate(ids) if one is not None]
        first = self._seen.first_seen([one for one in ids if one is not None])
        if len(first) == len(places):
            return
        for number, place in enumerate(places):
            if number not in first:
                keep[place] = False
                shown = masked(ids[place] or "")
                reason = "duplicate_id: it was in an earlier row"
                rejects.append(Reject(chunk.lines[place], self._identity.source.column, reason, shown))


class _FactColumn:
    """One fact of the map: remembers what each cell meant."""

    def __init__(self, recipe: Recipe, fact: Fact, encoding: Encoding) -> None:
        self.fact = fact
        self._recipe, self._encoding = recipe, encoding
        self._names = tuple(dict.fromkeys(recipe.columns))
        self._known = _Remembered(self._meaning)
        self._bad: dict[object, BadCell] = {}
        self._refused: dict[object, str] = {}

    def read(self, chunk: RowChunk) -> list[object]:
        """Return the fact of each row, unknown where its cell is bad."""
        if len(self._known) > _MOST_REMEMBERED:
            for memory in (self._known, self._bad, self._refused):
                memory.clear()
        if not self._names:
            return [self._known[()]] * len(chunk.lines)
        return list(map(self._known.__getitem__, self._keys(chunk)))

    def bad_cells(self, chunk: RowChunk) -> list[tuple[int, Reject]]:
        """Return the cells of a chunk just read that could not be read, by position."""
        if not self._bad:
            return []
        return [
            (place, self._reject(chunk, place, bad))
            for place, key in enumerate(self._keys(chunk))
            if (bad := self._bad.get(key)) is not None
        ]

    def refused(self, chunk: RowChunk) -> list[tuple[int, Reject]]:
        """Return the rows of a chunk just read whose fact the vocabulary does not permit, by position."""
        if not self._refused:
            return []
        column = f"facts.{self.fact.name}"
        keys = self._keys(chunk) if self._names else [()] * len(chunk.lines)
        return [
            (place, Reject(chunk.lines[place], column, self._refused[key], _shown(key)))
            for place, key in enumerate(keys)
            if key in self._refused
        ]

    def _keys(self, chunk: RowChunk) -> Sequence[object]:
        if len(self._names) == 1:
            return chunk.columns[self._names[0]]
        return list(zip(*(chunk.columns[name] for name in self._names), strict=True))

    def _meaning(self, key: object) -> object:
        cells = (key,) if isinstance(key, str) else key if isinstance(key, tuple) else ()
        try:
            value = self._recipe.read(dict(zip(self._names, cells, strict=True)))
            return self._encoding.encode(self.fact, value)
        except BadCell as bad:
            self._bad[key] = bad
        except InvalidFact as invalid:
            self._refused[key] = redacted(f"{invalid.fault.code}: {invalid.fault.message}")
        return self._encoding.unknown

    def _reject(self, chunk: RowChunk, place: int, bad: BadCell) -> Reject:
        reason = redacted(f"bad_cell: {self.fact.name}: {bad.message}")
        return Reject(chunk.lines[place], bad.column, reason, redacted(chunk.columns[bad.column][place]))


class _Remembered(dict[object, object]):
    def __init__(self, meaning: Callable[[object], object]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, key: object) -> object:
        value = self[key] = self._meaning(key)
        return value


def _plain_ids(identity: Identity, cells: Sequence[str]) -> list[str | None]:
    """Return the ids where all are so plain that one look tells it; nothing otherwise."""
    together = "".join(cells)
    longest = max(map(len, cells), default=0) + len(identity.prefix)
    is_plain = (
        identity.source.pattern is None
        and longest <= LONGEST_ID
        and together.isascii()
        and (identity.prefix + together).isprintable()
        and " " not in identity.prefix + together
        and identity.source.missing.isdisjoint(cells)
    )
    return [identity.prefix + cell for cell in cells] if is_plain else []


def _shown(key: object) -> str:
    return redacted(key if isinstance(key, str) else ", ".join(map(str, key)) if isinstance(key, tuple) else "")
