"""What all rules share, and the two kinds that are conditions: segments and eligibility."""

import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any as Whatever
from typing import Generic, TypeVar, get_args

from shared.kernel.text import Text
from shared.rulekit import model
from shared.rulekit.conditions import ConditionReader
from shared.rulekit.faults import Findings, Place
from shared.rulekit.reading import Reader
from shared.rulekit.tree import Entries, Node, version_of
from shared.rulekit.vocabulary import Vocabulary

_EVERY = ("id", "owner", "because")
_LEVELS = get_args(model.EligibilityRule.__annotations__["level"])
Parts = Mapping[str, Node]
Common = dict[str, Whatever]
_RuleT_co = TypeVar("_RuleT_co", bound=model.Rule, covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[_RuleT_co]):
    """What a rule of one kind holds besides what every rule holds, and how to make its value."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    build: Callable[[Reader, Parts, Common], _RuleT_co]


@dataclass(slots=True)
class RuleReader:
    """Reads one rule; faults go to `findings`.

    Codes: id_mismatch, bad_placeholder, empty_span, and those of `Reader` and conditions.
    """

    vocabulary: Vocabulary
    findings: Findings
    conditions: ConditionReader
    reader: Reader

    @classmethod
    def over(cls, vocabulary: Vocabulary, findings: Findings) -> "RuleReader":
        """Return a reader of rules in this vocabulary."""
        return cls(vocabulary, findings, ConditionReader(vocabulary, findings), Reader(findings))

    def segment(self, node: Node, folder: str) -> model.SegmentRule:
        """Read a rule under `segments/`."""
        parts = self._fields(node, ("when",), ("classifies", "order"))
        order = self.reader.whole(parts.get("order"), least=0)
        classifies = self.reader.name(parts.get("classifies")) or None
        if (classifies is None) != ("order" not in parts):
            self.findings.add(node.place, "missing_key", "'classifies' and 'order' go together")
        return model.SegmentRule(
            **self._common(parts, node, folder, facts_only=True),
            when=self._when(parts),
            classifies=classifies,
            order=order,
        )

    def eligibility(self, node: Node, folder: str) -> model.EligibilityRule:
        """Read a rule under `eligibility/`."""
        parts = self._fields(node, ("level", "when"))
        common = self._common(parts, node, folder, facts_only=True)
        return model.EligibilityRule(
            **common, level=self.reader.word(parts.get("level"), _LEVELS), when=self._when(parts)
        )

    def by_kind(self, node: Node, folder: str, kinds: "Mapping[str, Kind[_RuleT_co]]") -> _RuleT_co | None:
        """Read a rule whose `kind` says what else it holds; None when the kind itself is faulty."""
        named = node.get("kind") if isinstance(node, Entries) else None
        if named is None:
            self.reader.fields(node, node.place, (*_EVERY, "kind"), ("valid_for",))
            return None
        before = len(self.findings.faults)
        kind = kinds[self.reader.word(named, tuple(kinds))]
        if len(self.findings.faults) > before:  # without its kind nothing else of the rule can be judged
            return None
        parts = self._fields(node, ("kind", *kind.required), kind.optional)
        return kind.build(self.reader, parts, self._common(parts, node, folder))

    def _fields(self, node: Node, required: Collection[str], optional: Collection[str] = ()) -> Parts:
        return self.reader.fields(node, node.place, (*_EVERY, *required), ("valid_for", *optional))

    def _common(self, parts: Parts, node: Node, folder: str, *, facts_only: bool = False) -> Common:
        rule_id = self.reader.name(parts.get("id"))
        if rule_id and rule_id != folder:
            self.findings.add(parts["id"].place, "id_mismatch", f"id {rule_id!r} is not the folder's name", folder)
        because = parts.get("because")
        text = self.reader.bilingual(because, node.place) if because is not None else Text("", "")
        for words in (text.zh, text.en):
            self._check_placeholders(words, because.place if because else node.place, facts_only=facts_only)
        return {
            "id": folder,
            "version": version_of(node),
            "owner": self.reader.text(parts.get("owner")),
            "because": text,
            "valid_for": self._valid_for(parts.get("valid_for")),
        }

    def _check_placeholders(self, words: str, place: Place, *, facts_only: bool) -> None:
        try:
            fields = [(name, form, conversion) for _, name, form, conversion in string.Formatter().parse(words)]
        except ValueError as error:
            self.findings.add(place, "bad_placeholder", f"{error}: write {{fact}}")
            return
        for name, form, conversion in fields:
            if name is None:
                continue
            if form or conversion or not name.isidentifier():
                self.findings.add(place, "bad_placeholder", f"a place is written {{fact}}, not {{{name}…}}")
            elif facts_only and name not in self.vocabulary:
                self.findings.unknown(place, "unknown_fact", "fact", name, self.vocabulary.facts)

    def _valid_for(self, node: Node | None) -> model.ValidFor:
        if node is None:
            return model.ValidFor()
        parts = self.reader.fields(node, node.place, (), ("from", "to"))
        start, end = self.reader.day(parts.get("from")), self.reader.day(parts.get("to"))
        if start and end and end < start:
            self.findings.add(node.place, "empty_span", f"ends on {end}, before it starts on {start}")
        return model.ValidFor(start, end)

    def _when(self, parts: Parts) -> model.Condition:
        return self.conditions.read(parts["when"]) if "when" in parts else model.Constant(value=None)
