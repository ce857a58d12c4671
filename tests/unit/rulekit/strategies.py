"""Generated conditions and subscribers over the tests' vocabulary: small domains, so that edges are met often."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact
from tests.unit.rulekit.rule_folders import ON

ORDER = st.sampled_from(["equals", "at_least", "more_than", "at_most", "less_than"])
INTEGERS = st.one_of(st.integers(-2, 3), st.sampled_from([10**12, -(10**12), 10**12 - 1]))
NUMBERS = st.one_of(
    st.sampled_from([0.0, 0.1, 0.3, 0.8, 2.4, 3.0, 2.4001, -0.1, 1e8, -1e8, 99999999.9999]),
    st.integers(-30_000, 30_000).map(lambda whole: whole / 10_000),
)
TEXTS = st.sampled_from(
    [
        "诺基亚",
        "n'73",
        'a"b',
        "",
        "a,b",
        "%",
        "_",
        "é",
        "e\u0301",
        "A",
        "a",
        " a",
        "a ",
        "\\",
        "🀄",
        "\u200b",
        "ß",
        "ss",
        "1",
    ]
)
BRANDS = st.sampled_from(["gotone", "mzone"])
PRODUCTS = st.sampled_from(["crbt", "crbt_box", "mms"])
MONTH_ENDS = [
    date(2023, 2, 28),
    date(2023, 12, 31),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2024, 3, 31),
    date(2026, 1, 31),
    date(2026, 2, 28),
]
DATES = st.one_of(
    st.integers(-3, 33).map(lambda days: ON - timedelta(days=days)),
    st.sampled_from([*MONTH_ENDS, date(1, 1, 1), date(9999, 12, 31)]),
)
DAYS = st.sampled_from([ON, date(2026, 2, 28), date(2026, 3, 11), date(2024, 2, 29), date(2024, 3, 31)])
FACTORS = st.sampled_from([Fraction(1), Fraction(4, 5), Fraction(1, 10_000), Fraction(999_999, 10_000), Fraction(3)])

VALUES = {
    "age": INTEGERS,
    "tenure": INTEGERS,
    "used": NUMBERS,
    "quota": NUMBERS,
    "spend": INTEGERS,
    "average": INTEGERS,
    "arrears": st.booleans(),
    "handset": TEXTS,
    "brand": BRANDS,
    "products": st.frozensets(PRODUCTS),
    "joined": DATES,
    "renewed": DATES,
}
PAIRS = [("age", "tenure"), ("used", "quota"), ("spend", "average")]


def facts() -> st.SearchStrategy[Facts]:
    """Return subscribers: each fact a value, null, or left out."""
    return st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in VALUES.items()})


def _several(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def _ordered(draw: st.DrawFn) -> Compare:
    name = draw(st.sampled_from(["age", "used", "spend", "joined"]))
    if draw(st.booleans()):
        return Compare(name, draw(ORDER), draw(VALUES[name]))
    return Compare(name, "one_of", draw(_several(VALUES[name])))


@st.composite
def _worded(draw: st.DrawFn) -> Compare:
    name = draw(st.sampled_from(["handset", "brand"]))
    if draw(st.booleans()):
        return Compare(name, "equals", draw(VALUES[name]))
    return Compare(name, "one_of", draw(_several(VALUES[name])))


@st.composite
def _between_facts(draw: st.DrawFn) -> Compare:
    if draw(st.booleans()):
        return Compare("joined", draw(ORDER), OtherFact("renewed"))
    left, right = draw(st.sampled_from(PAIRS))
    return Compare(left, draw(ORDER), OtherFact(right, draw(FACTORS)))


def leaves(segments: tuple[str, ...] = ()) -> st.SearchStrategy[Condition]:
    """Return conditions without parts."""
    choices: list[st.SearchStrategy[Condition]] = [
        _ordered(),
        _worded(),
        _between_facts(),
        st.builds(lambda value: Compare("arrears", "equals", value), st.booleans()),
        st.builds(Compare, st.just("products"), st.sampled_from(["contains_any", "contains_all"]), _several(PRODUCTS)),
        st.builds(lambda op, size: Compare("products", op, size, of="size"), ORDER, st.integers(0, 3)),
        st.builds(Compare, st.just("joined"), st.sampled_from(["older_than", "within"]), st.integers(1, 31)),
        st.builds(IsKnown, st.sampled_from(sorted(VALUES))),
        st.builds(Constant, st.sampled_from([True, False, None])),
    ]
    if segments:
        choices.append(st.builds(InSegment, st.sampled_from(segments)))
    return st.one_of(choices)


def conditions(segments: tuple[str, ...] = (), leaves_at_most: int = 12) -> st.SearchStrategy[Condition]:
    """Return conditions of every form, nested."""
    return st.recursive(
        leaves(segments),
        lambda parts: st.one_of(
            st.lists(parts, max_size=4).map(lambda many: All(tuple(many))),
            st.lists(parts, max_size=4).map(lambda many: Any(tuple(many))),
            parts.map(Not),
        ),
        max_leaves=leaves_at_most,
    )
