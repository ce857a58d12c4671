"""Whether a formula can hold at all: a search with a bound, so that no rule can keep the check busy."""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from shared.rulekit.analysis.formula_tree import UNKNOWN, Every, Formula, Member, Relation, Size, Some, Within
from shared.rulekit.analysis.formulas import Translator
from shared.rulekit.analysis.spans import Spans, common, points, span, without

_STEPS = 8_000  # for one question
_RULE_STEPS = 150_000  # for all questions about one rule
_ALL_STEPS = 5_000_000  # for all questions about one rule set
_DEEPEST = 150  # choices within choices
_Values = dict[Hashable, Spans]


class TooLarge(ValueError):  # noqa: N818 - says what is wrong, as the faults do
    """The question needs more steps than it may take."""


@dataclass(slots=True, eq=False)
class Solver:
    """Answers questions about formulas of one translator; raises TooLarge where it would take too long."""

    translator: Translator
    _left: int = _ALL_STEPS
    _floor: int = 0
    _until: int = 0

    @contextmanager
    def for_one_rule(self) -> Iterator[None]:
        """Keep the questions asked inside within the bound of one rule, so that it leaves steps for the others."""
        self._floor = max(self._left - _RULE_STEPS, 0)
        try:
            yield
        finally:
            self._floor = 0

    def is_possible(self, *formulas: Formula) -> bool:
        """Tell whether all formulas can hold together."""
        self._until = max(self._left - _STEPS, self._floor)
        return self._search(list(formulas), {}, 0)

    def follows(self, consequence: Formula, *given: Formula) -> bool:
        """Tell whether the consequence holds whenever all that is given does."""
        return not self.is_possible(*given, self.translator.negation(consequence))

    def _search(self, waiting: list[Formula], values: _Values, depth: int) -> bool:
        choices = self._narrow(waiting, values)
        if choices is None:
            return False
        if not choices:
            return self._is_consistent(values)
        if depth >= _DEEPEST:
            raise TooLarge
        first = min(range(len(choices)), key=lambda at: len(choices[at]))
        others: list[Formula] = [Some(options) for at, options in enumerate(choices) if at != first]
        return any(self._search([option, *others], dict(values), depth + 1) for option in choices[first])

    def _narrow(self, waiting: list[Formula], values: _Values) -> list[tuple[Formula, ...]] | None:
        """Take in all that must hold; return the choices still open, or None when something is impossible."""
        choices: list[Some] = []
        while True:
            if not self._take_in(waiting, values, choices):
                return None
            remaining: list[tuple[Formula, ...]] = []
            for choice in choices:
                options = self._options(choice, values)
                if options == ():
                    return None
                if options is not None and len(options) == 1:
                    waiting.append(options[0])
                elif options is not None:
                    remaining.append(options)
            if not waiting:
                return remaining
            choices = [Some(options) for options in remaining]

    def _take_in(self, waiting: list[Formula], values: _Values, choices: list[Some]) -> bool:
        """Apply what must hold to the values, and put its choices with the others; False when it cannot hold."""
        while waiting:
            self._count()
            part = waiting.pop()
            if isinstance(part, Within):
                left = common(values.get(part.variable, self.translator.universe[part.variable]), part.allowed)
                if not left:
                    return False
                values[part.variable] = left
            elif isinstance(part, Every):
                waiting.extend(part.parts)
            else:
                choices.append(part)
        return True

    def _options(self, choice: Some, values: _Values) -> tuple[Formula, ...] | None:
        """Return the options that are not ruled out yet; None when one holds already."""
        options = []
        for option in choice.parts:
            self._count()
            if isinstance(option, Within):
                now = values.get(option.variable, self.translator.universe[option.variable])
                left = common(now, option.allowed)
                if left == now:
                    return None
                if not left:
                    continue
            elif isinstance(option, Every) and not option.parts:
                return None
            elif isinstance(option, Some) and not option.parts:
                continue
            options.append(option)
        return tuple(options)

    def _count(self) -> None:
        if self._left <= self._until:
            raise TooLarge
        self._left -= 1

    def _is_consistent(self, values: _Values) -> bool:
        """Look at what ties variables together: a set's size to its members, two facts to one another."""
        return all(
            _fits(variable, allowed, values) if isinstance(variable, Size) else self._relates(variable, allowed, values)
            for variable, allowed in values.items()
            if isinstance(variable, (Size, Relation))
        )

    def _relates(self, variable: Relation, allowed: Spans, values: _Values) -> bool:
        one, other = self._known(variable.fact, values), self._known(variable.other, values)
        if not one or not other or variable.fact == variable.other:
            return True
        low, high = Fraction(one[0][0]), Fraction(one[-1][1])
        least, most = variable.times * other[0][0], variable.times * other[-1][1]
        possible = [word for word, can in enumerate((low < most, low <= most and least <= high, least < high)) if can]
        return bool(common(allowed, points(possible)))

    def _known(self, fact: str, values: _Values) -> Spans:
        return without(values.get(fact, self.translator.universe[fact]), points([UNKNOWN]))


def _fits(size: Size, allowed: Spans, values: Mapping[Hashable, Spans]) -> bool:
    held = [found for member, found in values.items() if isinstance(member, Member) and member.fact == size.fact]
    inside = sum(found == points([1]) for found in held)
    outside = sum(found == points([0]) for found in held)
    return bool(common(allowed, span(inside, size.most - outside)))
