"""The solver against the reference: it never calls impossible what some subscriber does, and comes to an end."""

import contextlib
import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rulekit.analysis.formula_tree import Every, Some, Within
from shared.rulekit.analysis.formulas import Translator
from shared.rulekit.analysis.solving import Solver, TooLarge
from shared.rulekit.analysis.spans import common, joined, points, span, without
from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Any, Compare, Condition, InSegment, IsKnown, Not, RuleBook
from shared.rulekit.reference import evaluate
from tests.unit.rulekit.rule_folders import ON, make_book
from tests.unit.rulekit.strategies import conditions, facts


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(
        tmp_path_factory.mktemp("book"),
        young="classifies: stage\norder: 1\nwhen: {age: {less_than: 2}}\n",
        rich="classifies: stage\norder: 2\nwhen: {any: [{spend: {at_least: 1}}, {age: {at_most: 2}}]}\n",
    )


def solver_for(book: RuleBook) -> Solver:
    return Solver(Translator(book, ON))


@settings(max_examples=400, deadline=None)
@given(condition=conditions(("young", "rich")), subscriber=facts())
def test_what_is_so_for_somebody_is_never_called_impossible(
    book: RuleBook, condition: Condition, subscriber: Facts
) -> None:
    truth = evaluate(condition, subscriber, book=book, on=ON)
    solver = solver_for(book)
    true, false = solver.translator.is_true(condition), solver.translator.is_false(condition)
    no = solver.translator.negation
    way = {True: (true, no(false)), False: (false, no(true)), None: (no(true), no(false))}[truth]
    with contextlib.suppress(TooLarge):  # it may say that it does not know
        assert solver.is_possible(*way)


WORLD = [
    {"arrears": arrears, "brand": brand, "products": products}
    for arrears, brand, products in itertools.product(
        (None, False, True),
        (None, "gotone", "mzone"),
        (None, *(frozenset(some) for n in range(4) for some in itertools.combinations(("crbt", "crbt_box", "mms"), n))),
    )
]
PRODUCTS = st.lists(st.sampled_from(["crbt", "crbt_box", "mms"]), min_size=1, max_size=3, unique=True).map(tuple)
FINITE = st.recursive(
    st.one_of(
        st.sampled_from(["arrears", "brand", "products"]).map(IsKnown),
        st.booleans().map(lambda value: Compare("arrears", "equals", value)),
        st.sampled_from(["gotone", "mzone"]).map(lambda value: Compare("brand", "equals", value)),
        st.builds(Compare, st.just("products"), st.sampled_from(["contains_any", "contains_all"]), PRODUCTS),
        st.builds(
            Compare,
            st.just("products"),
            st.sampled_from(["equals", "at_least", "more_than", "at_most", "less_than"]),
            st.integers(0, 4),
            st.just("size"),
        ),
    ),
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda some: All(tuple(some))),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: Any(tuple(some))),
        parts.map(Not),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(condition=FINITE)
def test_where_all_subscribers_can_be_tried_it_is_exact(book: RuleBook, condition: Condition) -> None:
    solver = solver_for(book)
    truths = {evaluate(condition, one, book=book, on=ON) for one in WORLD}
    true, false = solver.translator.is_true(condition), solver.translator.is_false(condition)
    assert solver.is_possible(true) == (True in truths)
    assert solver.is_possible(false) == (False in truths)
    assert solver.is_possible(solver.translator.negation(true)) == (truths != {True})


def test_a_condition_that_needs_too_many_steps_is_given_up_and_not_waited_for(book: RuleBook) -> None:
    solver = solver_for(book)
    pairs = [(f"a{n}", f"b{n}") for n in range(60)]
    for name in itertools.chain(*pairs):
        solver.translator.universe[name] = span(0, 1)
    choice = [Some((Within(a, points([1])), Within(b, points([1])))) for a, b in pairs]
    # Any three of the first letters may be 1, but no three of the last: a search over all combinations.
    limits = [
        Some(tuple(Within(name, points([0])) for name in three))
        for letter in "ab"
        for three in itertools.combinations([f"{letter}{n}" for n in range(12)], 3)
    ]
    with pytest.raises(TooLarge):
        solver.is_possible(Every((*choice, *limits)))
    assert solver.is_possible(Within("a1", points([1]))), "the next question has its own bound"


def test_a_segment_that_cannot_be_read_is_neither_true_nor_false_for_certain(book: RuleBook) -> None:
    solver = solver_for(book)
    true, false = (solver.translator.is_true(InSegment("gone")), solver.translator.is_false(InSegment("gone")))
    assert solver.is_possible(true)
    assert solver.is_possible(false)
    assert not solver.is_possible(true, false)
    assert solver.is_possible(solver.translator.negation(true), solver.translator.negation(false))


SPANS = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), max_size=5).map(
    lambda pairs: joined((low, low + length) for low, length in pairs)
)


def inside(spans: tuple[tuple[int, int], ...]) -> set[int]:
    return {value for low, high in spans for value in range(low, high + 1)}


@given(one=SPANS, other=SPANS)
def test_spans_are_sets_of_numbers(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> None:
    assert inside(common(one, other)) == inside(one) & inside(other)
    assert inside(without(one, other)) == inside(one) - inside(other)
    assert all(low <= high for low, high in without(one, other))


DAYS = [ON - timedelta(days=days) for days in (-1, 0, 1, 29, 30, 31)]
EDGES: list[tuple[Compare, list[object]]] = [
    *((Compare("joined", word, 30), [*DAYS]) for word in ("within", "older_than")),
    *(
        (Compare(fact, word, 2), [1, 2, 3, 10**12, -(10**12)])
        for fact in ("age", "spend")
        for word in ("equals", "at_least", "more_than", "at_most", "less_than")
    ),
    *((Compare("used", word, 2.4), [2.3999, 2.4, 2.4001]) for word in ("equals", "at_least", "less_than")),
    (Compare("joined", "less_than", ON), [*DAYS]),
    (Compare("handset", "one_of", ("a", "b")), ["a", "b", "c", ""]),
    (Compare("brand", "equals", "mzone"), ["gotone", "mzone"]),
]


@pytest.mark.parametrize(("condition", "values"), EDGES, ids=[f"{one.fact} {one.operator}" for one, _ in EDGES])
def test_at_every_edge_it_agrees_with_the_reference(book: RuleBook, condition: Compare, values: list[object]) -> None:
    solver = solver_for(book)
    for value in values:
        facts_now = {condition.fact: value}
        exactly = solver.translator.is_true(Compare(condition.fact, "equals", value))
        truth = evaluate(condition, facts_now, book=book, on=ON)
        assert solver.is_possible(exactly, solver.translator.is_true(condition)) is truth
        assert solver.is_possible(exactly, solver.translator.is_false(condition)) is not truth
