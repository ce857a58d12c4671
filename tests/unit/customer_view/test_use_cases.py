"""What the service does, through its use cases, on SQLite."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from services.customer_view.adapters.tables import outbox
from services.customer_view.application.faults import (
    AudienceKeyTaken,
    BatchTooLarge,
    UnknownAudience,
    UnknownCustomer,
    UnknownRule,
)
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, open_database
from services.customer_view.settings import Settings
from shared.contracts.campaigns import FulfilledOrder, OrdersFulfilled
from shared.contracts.customer_view import AudienceQuery, CustomerRecord, CustomersChanged
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import InvalidRequest
from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import UnknownSegment
from tests.unit.customer_view.rules_folder import write_rules


def record(customer_id: str, **facts: Any) -> CustomerRecord:
    return CustomerRecord(customer_id=customer_id, facts=facts)


@pytest.fixture
def told(settings: Settings) -> Callable[[], list[CustomersChanged]]:
    def told() -> list[CustomersChanged]:
        with open_database(settings).read() as connection:
            bodies = connection.scalars(sa.select(outbox.outbox.c.body).order_by(outbox.outbox.c.sequence)).all()
        return [msgspec.json.decode(body, type=CustomersChanged) for body in bodies]

    return told


def fulfilled(*orders: tuple[str, list[str]], clock: SteeredClock) -> OrdersFulfilled:
    return OrdersFulfilled(
        orders=[
            FulfilledOrder(
                contact_id="c", customer_id=who, campaign_id="p", offering_id="o", products=products, at=clock.now()
            )
            for who, products in orders
        ]
    )


def test_facts_not_named_keep_their_value_and_null_makes_unknown(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", age=30, city="xiamen", products=["crbt"])])
    use_cases.upsert_customers([record("a", age=31, city=None)])
    assert use_cases.get_customer("a").facts == {"age": 31, "products": ["crbt"]}


def test_an_empty_set_is_known(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", products=[])])
    assert use_cases.get_customer("a").facts == {"products": []}
    assert use_cases.get_customer("a").segments == ["no-crbt"]


def test_records_of_one_subscriber_in_one_batch_are_applied_in_order(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", age=30, city="xiamen"), record("b", age=1), record("a", age=31)])
    assert use_cases.get_customer("a").facts == {"age": 31, "city": "xiamen"}


def test_good_records_are_kept_and_bad_ones_named_with_place_and_reason(use_cases: UseCases) -> None:
    result = use_cases.upsert_customers(
        [record("a", age=30), record("b", age="old", cty="x"), record(" ", age=3), record("d", gender="mal")]
    )
    assert result.written == 1
    assert [(fault.index, fault.field) for fault in result.faults] == [
        (1, "facts.age"),
        (1, "facts.cty"),
        (2, "customer_id"),
        (3, "facts.gender"),
    ]
    with pytest.raises(UnknownCustomer):
        use_cases.get_customer("b")


def test_a_batch_that_is_too_large_is_refused_whole(use_cases: UseCases) -> None:
    with pytest.raises(BatchTooLarge) as fault:
        use_cases.upsert_customers([record(str(number)) for number in range(201)], limit=200)
    assert fault.value.code == "batch_too_large"
    with pytest.raises(UnknownCustomer):
        use_cases.get_customer("1")


def test_a_change_is_told_with_all_known_facts_and_segments(
    use_cases: UseCases, told: Callable[[], list[CustomersChanged]]
) -> None:
    use_cases.upsert_customers([record("a", monthly_spend=6000)])
    use_cases.upsert_customers([record("a", age=30)])
    assert [(one.facts, one.segments) for event in told() for one in event.customers] == [
        ({"monthly_spend": 6000}, ["big-spender"]),
        ({"monthly_spend": 6000, "age": 30}, ["big-spender"]),
    ]


def test_a_record_that_says_nothing_new_is_not_told(
    use_cases: UseCases, told: Callable[[], list[CustomersChanged]]
) -> None:
    for _ in range(2):
        use_cases.upsert_customers([record("a", age=30)])
    assert len(told()) == 1


def test_changing_a_fact_and_back_at_one_moment_is_told_three_times_in_order(
    use_cases: UseCases, told: Callable[[], list[CustomersChanged]]
) -> None:
    for age in (30, 31, 30):
        use_cases.upsert_customers([record("a", age=age)])
    events = told()
    assert [event.customers[0].facts["age"] for event in events] == [30, 31, 30]
    assert events[0].changed_at < events[1].changed_at < events[2].changed_at


def test_an_event_never_carries_more_than_five_hundred_subscribers(
    use_cases: UseCases, told: Callable[[], list[CustomersChanged]]
) -> None:
    use_cases.upsert_customers([record(f"{number:04d}", age=30) for number in range(1_300)])
    events = told()
    assert max(len(event.customers) for event in events) <= 500
    assert [one.customer_id for event in events for one in event.customers] == [f"{n:04d}" for n in range(1_300)]


def test_of_the_segments_of_one_classification_the_first_holds(use_cases: UseCases) -> None:
    base = {"crbt_subscribed": True, "crbt_days_since_download": 61}
    use_cases.upsert_customers([record("a", **base), record("b", **base, crbt_churn_probability=0.9)])
    assert use_cases.get_customer("a").segments == ["silent"]
    assert use_cases.get_customer("b").segments == ["at-risk"]


def test_an_audience_by_rule_counts_who_is_unknown_and_why(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", age=30), record("b", age=17), record("c", city="xiamen"), record("d")])
    made = use_cases.audience(AudienceQuery(audience_key="k", rule={"age": {"at_least": 18}, "city": "xiamen"}))
    assert (made.size, made.unknown, made.unknown_facts) == (0, 3, {"age": 2, "city": 3})
    assert made.rule_set == use_cases.book.version


def test_checks_that_do_not_hold_are_named_false_unknown_and_expired_alike(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", age=17, balance=5000), record("b", age=30), record("c", balance=100)])
    query = AudienceQuery(
        audience_key="k",
        rule={"any": [{"age": {"at_least": 0}}, {"balance": {"at_least": 0}}]},
        checks=["grown-up", "not-poor", "expired"],
        facts=["balance", "age"],
    )
    page = use_cases.audience_page(use_cases.audience(query).audience_id, "", 10)
    assert {one.customer_id: one.failed for one in page.members} == {
        "a": ["grown-up", "expired"],
        "b": ["not-poor", "expired"],
        "c": ["grown-up", "not-poor", "expired"],
    }
    assert page.members[1].facts == {"age": 30, "balance": None}


def test_pages_follow_one_another_in_order_of_id_without_gap_or_repeat(use_cases: UseCases) -> None:
    ids = ["a", "B", "é", "中", "a1", "10", "9", "Z"]
    use_cases.upsert_customers([record(one, age=30) for one in ids])
    audience = use_cases.audience(AudienceQuery(audience_key="k", rule={"age": 30}))
    after, seen = "", []
    while after is not None:
        page = use_cases.audience_page(audience.audience_id, after, 3)
        seen += [one.customer_id for one in page.members]
        after = page.next_after
    assert seen == sorted(ids)


def test_a_page_that_ends_with_the_audience_is_the_last(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record(one, age=30) for one in "abc"])
    audience = use_cases.audience(AudienceQuery(audience_key="k", rule={"age": 30}))
    assert use_cases.audience_page(audience.audience_id, "", 3).next_after is None


def test_the_same_key_returns_the_audience_already_made_although_the_base_changed(use_cases: UseCases) -> None:
    use_cases.upsert_customers([record("a", monthly_spend=6000)])
    query = AudienceQuery(audience_key="k", segment="big-spender", checks=["grown-up"])
    first = use_cases.audience(query)
    use_cases.upsert_customers([record("b", monthly_spend=6000)])
    assert use_cases.audience(query) == first
    assert first.size == 1


def test_the_same_key_with_another_query_is_a_fault(use_cases: UseCases) -> None:
    use_cases.audience(AudienceQuery(audience_key="k", segment="big-spender"))
    with pytest.raises(AudienceKeyTaken):
        use_cases.audience(AudienceQuery(audience_key="k", segment="silent"))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"segment": "silent", "rule": {"age": 1}}, InvalidRequest),
        ({}, InvalidRequest),
        ({"segment": "nobody"}, UnknownSegment),
        ({"rule": {"aeg": 1}}, RuleFaults),
        ({"rule": {"segment": "nobody"}}, RuleFaults),
        ({"segment": "silent", "checks": ["nobody"]}, UnknownRule),
        ({"segment": "silent", "facts": ["aeg"]}, UnknownRule),
        ({"segment": "silent", "audience_key": " "}, InvalidRequest),
    ],
)
def test_a_query_asked_wrongly_is_a_fault_and_leaves_its_key_free(
    use_cases: UseCases, query: dict[str, Any], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        use_cases.audience(AudienceQuery(**{"audience_key": "k", **query}))
    assert use_cases.audience(AudienceQuery(audience_key="k", segment="silent")).size == 0


@pytest.mark.parametrize("limit", [0, -1, 5_001])
def test_a_page_has_a_sensible_limit(use_cases: UseCases, limit: int) -> None:
    with pytest.raises(InvalidRequest):
        use_cases.audience_page("x", "", limit)


def test_an_unknown_audience_is_a_fault(use_cases: UseCases) -> None:
    with pytest.raises(UnknownAudience):
        use_cases.audience_page("x", "", 10)


def test_fulfilled_products_are_added_once_and_told(
    use_cases: UseCases, told: Callable[[], list[CustomersChanged]], clock: SteeredClock
) -> None:
    use_cases.upsert_customers([record("a", products=["crbt"]), record("b", age=30)])
    event = fulfilled(("a", ["mms_pack", "crbt"]), ("b", ["weather"]), ("new", ["weather"]), clock=clock)
    for _ in range(2):
        assert use_cases.add_products("e1", event) == []
    assert {one: use_cases.get_customer(one).facts["products"] for one in ("a", "b", "new")} == {
        "a": ["crbt", "mms_pack"],
        "b": ["weather"],
        "new": ["weather"],
    }
    assert [len(event.customers) for event in told()] == [2, 3]


def test_a_product_cancelled_after_its_event_does_not_come_back_with_a_redelivery(
    use_cases: UseCases, clock: SteeredClock
) -> None:
    event = fulfilled(("a", ["weather"]), clock=clock)
    use_cases.add_products("e1", event)
    use_cases.upsert_customers([record("a", products=[])])
    use_cases.add_products("e1", event)
    assert use_cases.get_customer("a").facts["products"] == []


def test_a_product_the_vocabulary_does_not_know_is_reported_and_the_others_kept(
    use_cases: UseCases, clock: SteeredClock
) -> None:
    faults = use_cases.add_products("e1", fulfilled(("a", ["weather", "jetpack"]), ("b", ["jetpack"]), clock=clock))
    assert [fault.index for fault in faults] == [0, 1]
    assert use_cases.get_customer("a").facts["products"] == ["weather"]
    with pytest.raises(UnknownCustomer):
        use_cases.get_customer("b")


def test_a_fact_the_vocabulary_gains_needs_no_developer(
    use_cases: UseCases, settings: Settings, clock: SteeredClock
) -> None:
    use_cases.upsert_customers([record("a", age=30)])
    write_rules(
        settings.rules,
        more_facts="  loves_opera: {type: boolean, owner: customer_view, column: loves_opera, zh: 爱歌剧, en: Opera}\n",
    )
    later = build(settings, clock)
    later.upsert_customers([record("a", loves_opera=True)])
    assert later.get_customer("a").facts == {"age": 30, "loves_opera": True}
    assert later.audience(AudienceQuery(audience_key="k", rule={"loves_opera": True})).size == 1
