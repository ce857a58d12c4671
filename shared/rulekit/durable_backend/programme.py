"""What is given to the engine: conjunctions as rules, in rulesets small enough, in stages."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.rulekit.durable_backend.engine import DONE, EngineFault
from shared.rulekit.durable_backend.fields import Field, FieldTable, colliding
from shared.rulekit.durable_backend.normal_form import And, Normaliser, Or, Positive, Test
from shared.rulekit.model import Condition, RuleBook

_MOST_RULES = 49  # in one ruleset, the catch-all makes 50
_MOST_FIELDS = 200  # in one message; the engine's bound is 255
_MOST_TESTS = 30  # in one rule
_MOST_ALTERNATIVES = 8  # of one group inside a conjunction, before it is decided in a stage of its own
_LARGEST = 2**53

_Term = frozenset[Test]


@dataclass(frozen=True, slots=True)
class Shard:
    """One ruleset: for each rule its tests and what holds when it fires."""

    stage: int
    rules: Mapping[str, tuple[Test, ...]]
    grants: Mapping[str, tuple[str, ...]]
    """By rule: the conditions that hold when it fires."""
    parts: Mapping[str, tuple[str, ...]]
    """By rule: the fields of kind `part` that become 1 when it fires."""
    fields: tuple[str, ...]

    def definition(self) -> str:
        """Return the ruleset as the engine's JSON; every rule begins with the message's constant `t`."""
        rules: dict[str, object] = {
            name: {"all": [{"m": {"$and": [{"t": 1}, *map(_test_json, tests)]}}], "pri": 1}
            for name, tests in self.rules.items()
        }
        rules[DONE] = {"all": [{"m": {"t": 1}}], "pri": 99}
        return json.dumps(rules)


@dataclass(frozen=True, slots=True)
class Programme:
    """Many conditions, ready to be decided together; conditions in `always` hold for everybody."""

    conditions: tuple[str, ...]
    table: FieldTable
    always: frozenset[str]
    shards: tuple[Shard, ...]

    @property
    def digest(self) -> str:
        """Return a name of what the engine is given: equal programmes are tried once."""
        return hashlib.sha256("\n".join(shard.definition() for shard in self.shards).encode()).hexdigest()[:16]


def compile_conditions(conditions: Mapping[str, Condition], book: RuleBook) -> Programme:
    """Return the programme that decides these conditions; raises EngineFault for what the engine cannot hold."""
    table = FieldTable(book)
    splitter = _Splitter(table)
    normaliser = Normaliser(table)
    always = set()
    for name, condition in conditions.items():
        for term in splitter.terms(normaliser.ask(condition)):
            if term:
                splitter.add(term, grant=name)
            else:
                always.add(name)
    same = colliding(table.names)
    if same:
        msg = f"the engine cannot tell the fields {same[0]!r} and {same[1]!r} apart"
        raise EngineFault(msg)
    return Programme(tuple(conditions), table, frozenset(always), tuple(_shards(splitter)))


@dataclass(slots=True)
class _Splitter:
    """Turns positive trees into conjunctions; equal conjunctions become one rule."""

    table: FieldTable
    grants: dict[_Term, dict[str, None]] = field(default_factory=dict)
    parts: dict[_Term, dict[str, None]] = field(default_factory=dict)
    stage_of_part: dict[str, int] = field(default_factory=dict)
    _names: dict[frozenset[_Term], str] = field(default_factory=dict)

    def add(self, term: _Term, *, grant: str | None = None, part: str | None = None) -> None:
        """Note what follows from a conjunction: that a condition holds, or a part of one."""
        for test in term:
            if abs(test.number) >= _LARGEST:
                msg = f"{test.number} is beyond what the engine compares exactly"
                raise EngineFault(msg)
        grants, parts = self.grants.setdefault(term, {}), self.parts.setdefault(term, {})
        if grant is not None:
            grants[grant] = None
        if part is not None:
            parts[part] = None

    def stage(self, term: _Term) -> int:
        return max((self.stage_of_part[test.field] + 1 for test in term if test.field in self.stage_of_part), default=0)

    def terms(self, tree: Positive) -> list[_Term]:
        """Return conjunctions of which one holds exactly when the tree does; an empty one always holds."""
        match tree:
            case Test():
                return [frozenset({tree})]
            case Or(parts):
                found = list(dict.fromkeys(itertools.chain.from_iterable(map(self.terms, parts))))
                return [frozenset()] if frozenset() in found else found
            case And(parts):
                return self._conjunction([self.terms(part) for part in parts])
            case _:
                return [frozenset()] if tree else []

    def _conjunction(self, groups: list[list[_Term]]) -> list[_Term]:
        product: list[_Term] = [frozenset()]
        for group in sorted(groups, key=len):
            alternatives = group
            if len(group) > 1 and len(product) * len(group) > _MOST_ALTERNATIVES:
                alternatives = [self._part(group)]
            product = list(dict.fromkeys(left | right for left in product for right in alternatives))
        return [term if len(term) <= _MOST_TESTS else self._shortened(term) for term in product]

    def _shortened(self, term: _Term) -> _Term:
        tests = sorted(term)
        pieces = [frozenset(tests[at : at + _MOST_TESTS]) for at in range(0, len(tests), _MOST_TESTS)]
        return frozenset().union(*(self._part([piece]) for piece in pieces))

    def _part(self, terms: list[_Term]) -> _Term:
        """Have these alternatives decided in an earlier stage, and return the test of what came out."""
        key = frozenset(terms)
        if key not in self._names:
            name = self.table.name(Field("part", str(len(self._names))))
            self._names[key] = name
            self.stage_of_part[name] = max(self.stage(term) for term in terms)
            for term in terms:
                self.add(term, part=name)
        return frozenset({Test(self._names[key], "$eq", 1)})


def _shards(splitter: _Splitter) -> list[Shard]:
    """Pack the rules of each stage into rulesets."""
    by_stage: dict[int, list[_Term]] = {}
    for term in splitter.grants:
        by_stage.setdefault(splitter.stage(term), []).append(term)
    shards = []
    for stage in sorted(by_stage):
        batch: list[_Term] = []
        fields: set[str] = set()
        for term in by_stage[stage]:
            wanted = fields | {test.field for test in term}
            if batch and (len(batch) >= _MOST_RULES or len(wanted) > _MOST_FIELDS):
                shards.append(_shard(stage, batch, splitter))
                batch, wanted = [], {test.field for test in term}
            batch.append(term)
            fields = wanted
        shards.append(_shard(stage, batch, splitter))
    return shards


def _shard(stage: int, terms: list[_Term], splitter: _Splitter) -> Shard:
    rules = {f"r{at}": tuple(sorted(term)) for at, term in enumerate(terms)}
    grants = {f"r{at}": tuple(splitter.grants[term]) for at, term in enumerate(terms)}
    parts = {f"r{at}": tuple(splitter.parts[term]) for at, term in enumerate(terms)}
    fields = sorted({test.field for term in terms for test in term})
    return Shard(stage, rules, grants, parts, tuple(fields))


def _test_json(test: Test) -> dict[str, object]:
    if test.relation == "$eq":
        return {test.field: test.number}
    return {test.relation: {test.field: test.number}}
