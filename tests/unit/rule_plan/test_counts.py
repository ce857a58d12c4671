"""What a plan counts is what the reference evaluator finds one subscriber at a time."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.workbench.rule_plan.changes import find_changes
from services.workbench.rule_plan.counting import count
from shared.persistence.database import Database
from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Compare, Condition, IsKnown, RuleBook
from tests.unit.rule_plan.recounting import make_base, recount
from tests.unit.rule_plan.versions import OFFERINGS, edited, make_book, side_of
from tests.unit.rulekit.strategies import conditions, facts

PEOPLE = st.lists(facts(), min_size=1, max_size=25)
# Neither kind of condition may reach itself: `silent` comes first in the class, `sensible` names `active`.
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "silent": conditions(),
        "active": conditions(("winter",)),
        "fits": conditions(("silent", "active")),
        "lawful": conditions(),
    },
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)], scope="module")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('base')}/customers.sqlite"
    else:
        url = request.getfixturevalue("postgres_url")
    database = Database(url, pool_size=2)
    yield database
    database.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=EDITS, after=EDITS, people=PEOPLE, gone=st.booleans())
def test_gains_losses_and_their_reasons_are_those_of_the_reference(
    database: Database,
    book: RuleBook,
    before: dict[str, Condition],
    after: dict[str, Condition],
    people: list[Facts],
    gone: bool,
) -> None:
    kept = {name: one for name, one in OFFERINGS.items() if not (gone and name == "bundle")}
    old, new = side_of(edited(book, before)), side_of(edited(book, after), kept)
    changes = find_changes(old, new)
    base = make_base(database, book.vocabulary, people)
    counted = count(base, old, new, changes)
    assert counted.subscribers == len(people)
    for change, tally in zip(changes, counted.tallies, strict=True):
        wanted = recount(change, people, old, new)
        assert tally.totals == wanted.totals, change
        assert tally.reasons == wanted.reasons, change
        assert tally.brands == wanted.brands, change
        for direction, members in wanted.members.items():
            sample = tally.samples.get(direction, set())
            assert sample <= members
            assert bool(sample) == bool(members)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=EDITS, after=EDITS, people=PEOPLE)
def test_whatever_is_not_named_as_changed_holds_for_the_same(
    book: RuleBook, before: dict[str, Condition], after: dict[str, Condition], people: list[Facts]
) -> None:
    old, new = side_of(edited(book, before)), side_of(edited(book, after))
    everything = find_changes(side_of(edited(book, {}, without=tuple(book.eligibility)), {}), side_of(book))
    named = {(change.kind, change.id) for change in find_changes(old, new)}
    for change in everything:
        if (change.kind, change.id) not in named:
            found = recount(change, people, old, new)
            assert not found.members["gained"] | found.members["lost"]


@pytest.mark.parametrize("subject", ["plain", "fits"])
def test_the_first_part_that_fails_is_the_reason_in_the_order_of_levels_and_of_the_rule(
    database: Database, book: RuleBook, subject: str
) -> None:
    limits = [Compare("age", "at_least", age) for age in (10, 20, 30)]
    named = ("lawful", "sensible", "fits")
    lax = dict.fromkeys(named, IsKnown("age"))
    loose = side_of(edited(book, lax))
    strict = side_of(
        edited(
            book, dict(zip(named, limits, strict=True)) if subject == "plain" else {**lax, "fits": All(tuple(limits))}
        )
    )
    base = make_base(database, book.vocabulary, [{"age": age} for age in (5, 15, 15, 25, 25, 25, 35)])
    for direction, old, new in (("lost", loose, strict), ("gained", strict, loose)):
        changes = find_changes(old, new)
        tallies = count(base, old, new, changes).tallies
        (tally,) = [tally for change, tally in zip(changes, tallies, strict=True) if change.id == subject]
        assert tally.reasons == {(direction, 0): 1, (direction, 1): 2, (direction, 2): 3}
        assert tally.totals == {"kept": 1, direction: 6}
