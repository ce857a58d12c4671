"""Why a condition holds or does not: its tree with each part's truth and the subscriber's values, in words."""

from dataclasses import dataclass
from datetime import date

from shared.kernel.text import Text
from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact, RuleBook
from shared.rulekit.reference import evaluate
from shared.rulekit.wording import value_words, words_of_test


@dataclass(frozen=True, slots=True)
class Told:
    """One part of a condition: what it says, whether it is true, false or unknown (None), the value it looks at."""

    words: Text
    truth: bool | None
    value: Text | None = None
    parts: tuple["Told", ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionTeller:
    """Tells conditions about one subscriber on one day."""

    book: RuleBook
    facts: Facts
    on: date

    def tell(self, condition: Condition) -> Told:
        """Return the condition in words; raises InvalidFact."""
        match condition:
            case All(parts):
                return self._group(condition, Text("以下全部满足", "all of these"), parts)
            case Any(parts):
                return self._group(condition, Text("以下至少一项满足", "at least one of these"), parts)
            case Not(part):
                return self._denied(condition, part)
            case InSegment(segment):
                return self._segment(condition, segment)
            case Constant():
                return Told(Text("恒定", "constant"), self._truth(condition))
            case Compare() | IsKnown():
                words = words_of_test(condition, self.book.vocabulary)
                return Told(words or Text("", ""), self._truth(condition), self._value(condition))

    def _group(self, condition: Condition, words: Text, parts: tuple[Condition, ...]) -> Told:
        return Told(words, self._truth(condition), None, tuple(self.tell(part) for part in parts))

    def _denied(self, condition: Not, part: Condition) -> Told:
        if isinstance(part, Compare | IsKnown):
            words = words_of_test(part, self.book.vocabulary, is_denied=True)
            if words is not None:
                return Told(words, self._truth(condition), self._value(part))
        return self._group(condition, Text("以下不满足", "not this"), (part,))

    def _segment(self, condition: InSegment, segment: str) -> Told:
        rule = self.book.segment(segment)
        words = Text(f"属于细分 {segment}", f"in segment {segment}")
        if not rule.valid_for.covers(self.on):
            return Told(Text(f"{words.zh}（不在有效期内）", f"{words.en} (not in force)"), self._truth(condition))
        for earlier in self.book.segments_before(segment, self.on):
            if evaluate(earlier.when, self.facts, book=self.book, on=self.on) is True:
                first = Text(f"{words.zh}（已先归入 {earlier.id}）", f"{words.en} (is in {earlier.id} first)")
                return Told(first, self._truth(condition), None, (self.tell(earlier.when),))
        return Told(words, self._truth(condition), None, (self.tell(rule.when),))

    def _truth(self, condition: Condition) -> bool | None:
        return evaluate(condition, self.facts, book=self.book, on=self.on)

    def _value(self, test: Compare | IsKnown) -> Text:
        own = self._words_of(test.fact)
        if isinstance(test, Compare) and isinstance(test.operand, OtherFact):
            other, label = self._words_of(test.operand.fact), self.book.vocabulary[test.operand.fact].label
            return Text(f"{own.zh}；{label.zh}：{other.zh}", f"{own.en}; {label.en}: {other.en}")
        return own

    def _words_of(self, fact: str) -> Text:
        return value_words(self.book.vocabulary[fact], self.facts.get(fact))
