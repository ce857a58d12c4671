"""Column maps as YAML files: every mistake of a map is told at once, with file, line and column."""

import codecs
from collections.abc import Mapping
from pathlib import Path

from services.customer_view.adapters.recipe_reading import RecipeReader, cell_text
from services.customer_view.domain.cells import Recipe
from services.customer_view.domain.column_map import ColumnMap, Identity
from shared.rulekit.faults import Findings, Place, RuleFaults
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Node, Scalar
from shared.rulekit.reading.yaml_tree import read_yaml
from shared.rulekit.vocabulary import Vocabulary

_ENCODINGS = ("auto", "utf-8", "gb18030")


class ColumnMapFaults(RuleFaults):
    """A column map that cannot be used; `faults` holds every mistake with its place."""

    code = "invalid_column_map"


class ColumnMapFiles:
    """Reads column maps."""

    def read(self, path: Path, vocabulary: Vocabulary) -> ColumnMap:
        """Return the map of a file; raises ColumnMapFaults."""
        findings = Findings()
        node = read_yaml(path, findings)
        column_map = None
        if node is not None:
            column_map = _MapReader(vocabulary, findings, path.stem).read(node)
        if findings.faults or column_map is None:
            raise ColumnMapFaults(findings.faults)
        return column_map


class _MapReader:
    def __init__(self, vocabulary: Vocabulary, findings: Findings, name: str) -> None:
        self._vocabulary = vocabulary
        self._findings = findings
        self._reader = Reader(findings)
        self._name = name

    def read(self, node: Node) -> ColumnMap:
        parts = self._reader.fields(
            node, node.place, ("id", "facts"), ("about", "encoding", "delimiter", "as_of", "missing")
        )
        missing = frozenset(cell_text(item) for item in self._reader.items(parts.get("missing"))) | {""}
        recipes = RecipeReader(self._findings, missing=missing, as_of=self._reader.day(parts.get("as_of")))
        encoding = self._reader.word(parts["encoding"], _ENCODINGS) if "encoding" in parts else "auto"
        return ColumnMap(
            name=self._name,
            identity=self._identity(parts.get("id"), node.place, recipes),
            facts=self._facts(parts.get("facts"), node.place, recipes),
            encoding=None if encoding == "auto" else codecs.lookup(encoding).name,
            delimiter=self._delimiter(parts.get("delimiter")),
        )

    def _identity(self, node: Node | None, place: Place, recipes: RecipeReader) -> Identity:
        if isinstance(node, Scalar):
            return Identity(recipes.source({"column": node}, node.place))
        parts = self._reader.fields(node, place, ("column",), ("pattern", "prefix"))
        prefix = self._reader.text(parts["prefix"]) if "prefix" in parts else ""
        return Identity(recipes.source(parts, node.place if node else place), prefix)

    def _facts(self, node: Node | None, place: Place, recipes: RecipeReader) -> Mapping[str, Recipe]:
        if not isinstance(node, Entries):
            self._findings.add(node.place if node else place, "wrong_shape", "facts: expected a mapping of facts")
            return {}
        found = {}
        for name, part in node.entries:
            fact = self._vocabulary.facts.get(name.text)
            if fact is None:
                self._findings.unknown(name.place, "unknown_fact", "fact", name.text, self._vocabulary.facts)
            else:
                found[name.text] = recipes.read(part, fact)
        return found

    def _delimiter(self, node: Node | None) -> str:
        text = node.text if isinstance(node, Scalar) else ","
        if len(text) == 1:
            return text
        self._findings.add(node.place if node else Place(self._name), "bad_delimiter", f"{text!r} is not one character")
        return ","
