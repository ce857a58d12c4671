"""What all rules share, and the two kinds that are conditions: segments and eligibility."""

import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any as Whatever
from typing import Generic, TypeVar

from shared.kernel.text import Text
from shared.rulekit import model
from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Node, Scalar, version_of
from shared.rulekit.vocabulary import Vocabulary

EVERY = ("id", "owner", "because")
_LOOSE = ("version",)  # nobody writes it here, but others do: a version is worked out from the content
SEGMENT_FIELDS = (("when",), ("classifies", "order"))
ELIGIBILITY_FIELDS = (("level", "when"), ())
"""What a rule of the kind must and may hold, besides what every rule holds."""
Parts = Mapping[str, Node]
Common = dict[str, Whatever]
_RuleT_co = TypeVar("_RuleT_co", bound=model.Rule, covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[_RuleT_co]):
    """What a rule of one kind holds besides what every rule holds, and how to make its value."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    build: Callable[[Reader, Parts, Common], _RuleT_co]
    places: tuple[str, ...] = ()
    """What `because` may have filled in."""


@dataclass(slots=True)
class RuleReader:
    """Reads one rule; faults go to `findings`.

    Codes: id_mismatch, bad_placeholder, unknown_place, empty_span, and those of `Reader` and conditions.
    """

    vocabulary: Vocabulary
    findings: Findings
    conditions: ConditionReader
    reader: Reader
    lenient: bool = False
    """Whether id, owner and words may be missing: to judge by a rule that is only being thought about."""

    @classmethod
    def over(cls, vocabulary: Vocabulary, findings: Findings) -> "RuleReader":
        """Return a reader of rules in this vocabulary."""
        return cls(vocabulary, findings, ConditionReader(vocabulary, findings), Reader(findings))

    def segment(self, node: Node, folder: str) -> model.SegmentRule:
        """Read a rule under `segments/`."""
        parts = self.fields(node, *SEGMENT_FIELDS)
        order = self.reader.whole(parts.get("order"), least=0)
        classifies = self.reader.name(parts.get("classifies")) or None
        if (classifies is None) != ("order" not in parts):
            self.findings.add(node.place, "missing_key", "'classifies' and 'order' go together")
        return model.SegmentRule(
            **self.common(parts, node, folder, facts=True),
            when=self.when(parts),
            classifies=classifies,
            order=order,
        )

    def eligibility(self, node: Node, folder: str) -> model.EligibilityRule:
        """Read a rule under `eligibility/`."""
        parts = self.fields(node, *ELIGIBILITY_FIELDS)
        common = self.common(parts, node, folder, facts=True)
        return model.EligibilityRule(
            **common, level=self.reader.word(parts.get("level"), tuple(model.LEVELS)), when=self.when(parts)
        )

    def by_kind(
        self, node: Node, folder: str, kinds: "Mapping[str, Kind[_RuleT_co]]", *, facts: bool = False
    ) -> _RuleT_co | None:
        """Read a rule whose `kind` says what else it holds; None when the kind itself is faulty.

        With `facts` its `because` may name facts besides the places of its kind.
        """
        named = node.get("kind") if isinstance(node, Entries) else None
        if named is None:
            self.reader.fields(node, node.place, (*EVERY, "kind"), ("valid_for",))
            return None
        before = len(self.findings.faults)
        kind = kinds[self.reader.word(named, tuple(kinds))]
        if len(self.findings.faults) > before:  # without its kind nothing else of the rule can be judged
            return None
        parts = self.fields(node, ("kind", *kind.required), kind.optional)
        return kind.build(self.reader, parts, self.common(parts, node, folder, places=kind.places, facts=facts))

    def fields(self, node: Node, required: Collection[str], optional: Collection[str] = ()) -> Parts:
        """Return the parts of a rule: what every rule has and what this kind adds."""
        if self.lenient:
            return self.reader.fields(node, node.place, required, (*EVERY, *_LOOSE, "valid_for", *optional))
        return self.reader.fields(node, node.place, (*EVERY, *required), ("valid_for", *optional))

    def common(
        self, parts: Parts, node: Node, folder: str, *, places: Collection[str] = (), facts: bool = False
    ) -> Common:
        """Return what every rule has; `because` may have these places filled in, and with `facts` every fact."""
        rule_id = self.reader.name(parts.get("id"))
        if rule_id and rule_id != folder:
            self.findings.add(parts["id"].place, "id_mismatch", f"id {rule_id!r} is not the folder's name", folder)
        because = parts.get("because")
        text = Text("", "") if because is None else self._words(because)
        known = [*places, *self.vocabulary.facts] if facts else places
        for _, words in because.entries if isinstance(because, Entries) else ():
            if isinstance(words, Scalar):
                self._check_places(words, known, facts=facts)
        return {
            "id": folder,
            "version": version_of(node),
            "owner": self.reader.text(parts.get("owner")),
            "because": text,
            "valid_for": self._valid_for(parts.get("valid_for")),
        }

    def _words(self, node: Node) -> Text:
        if not self.lenient:
            return self.reader.bilingual(node, node.place)
        parts = self.reader.fields(node, node.place, (), ("zh", "en"))
        return Text(self.reader.text(parts.get("zh")), self.reader.text(parts.get("en")))

    def _check_places(self, words: Scalar, known: Collection[str], *, facts: bool) -> None:
        try:
            fields = [(name, form, conversion) for _, name, form, conversion in string.Formatter().parse(words.text)]
        except ValueError as error:
            self.findings.add(words.place, "bad_placeholder", f"{error}: write {{fact}}")
            return
        for name, form, conversion in fields:
            if name is None:
                continue
            if form or conversion or not name.isidentifier():
                self.findings.add(words.place, "bad_placeholder", f"a place is written {{fact}}, not {{{name}…}}")
            elif name in known:
                if facts and name in self.vocabulary:
                    self.conditions.uses.append((words.place, name))
            elif facts:
                self.findings.unknown(words.place, "unknown_fact", "fact", name, known)
            else:
                there_are = ", ".join(f"{{{one}}}" for one in known) or "none"
                message = f"nothing is filled in for {{{name}}}; places in this kind's words: {there_are}"
                self.findings.add(words.place, "unknown_place", message, nearest(name, known))

    def _valid_for(self, node: Node | None) -> model.ValidFor:
        if node is None:
            return model.ValidFor()
        parts = self.reader.fields(node, node.place, (), ("from", "to"))
        start, end = self.reader.day(parts.get("from")), self.reader.day(parts.get("to"))
        if start and end and end < start:
            self.findings.add(node.place, "empty_span", f"ends on {end}, before it starts on {start}")
        return model.ValidFor(start, end)

    def when(self, parts: Parts) -> model.Condition:
        """Return the condition of a rule that must have one."""
        return self.conditions.read(parts["when"]) if "when" in parts else model.Constant(value=None)
