"""The synthetic BOSS: the same seed tells the same, and it accounts for every record."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.workbench import province
from services.workbench.sandbox.disturbing import Trouble, disturbed
from services.workbench.sandbox.records import KINDS, Kind, records
from services.workbench.sandbox.telling import Boss, FeedStream
from shared.kernel.faults import InvalidRequest, Unavailable
from shared.rulekit.facts import check_facts
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.windows import attributes_of

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
BOOK = load_rules(Path(__file__).parents[3] / "rules")


def made(kind: Kind, count: int = 40, **trouble: Any) -> list[Any]:
    return list(disturbed(kind, records(kind, count, 5, BOOK, NOW), Trouble(seed=5, **trouble)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_records(kind: Kind) -> None:
    assert made(kind, twice=0.3, is_shuffled=True, malformed=0.2) == made(
        kind, twice=0.3, is_shuffled=True, malformed=0.2
    )


def test_events_have_types_and_attributes_of_the_vocabulary_and_known_subscribers() -> None:
    for item in made("events", 200):
        event = item.record
        assert list(check_facts(event["attributes"], attributes_of(BOOK, event["type"]))) == []
        assert event["customer_id"].startswith(province.customer_id(1)[:2])


def test_orders_have_products_of_the_vocabulary() -> None:
    assert {item.record["products"][0] for item in made("orders", 300)} <= set(BOOK.vocabulary["products"].values)


@settings(deadline=None, max_examples=50)
@given(twice=st.sampled_from([0.0, 0.4, 1.0]), is_shuffled=st.booleans(), count=st.integers(0, 60))
def test_trouble_loses_no_record_and_repeats_only_whole_ones(twice: float, is_shuffled: bool, count: int) -> None:
    items = made("orders", count, twice=twice, is_shuffled=is_shuffled)
    first = {item.record["order_id"]: item.record for item in items if not item.is_repeated}
    assert len(first) == count
    assert all(first[item.record["order_id"]] == item.record for item in items if item.is_repeated)
    if twice == 1:
        assert len(items) == 2 * count


def test_shuffled_records_come_in_another_order_and_others_in_theirs() -> None:
    in_order = [item.record["event_id"] for item in made("events")]
    assert in_order == [f"sandbox-5-{number}" for number in range(1, 41)]
    shuffled = [item.record["event_id"] for item in made("events", is_shuffled=True)]
    assert (shuffled != in_order, sorted(shuffled)) == (True, sorted(in_order))


def test_late_events_lie_back_and_others_are_recent() -> None:
    spans = [NOW - datetime.fromisoformat(item.record["at"]) for item in made("events", 99, late_seconds=36_000)]
    assert max(spans).total_seconds() > 18_000
    assert max(NOW - datetime.fromisoformat(item.record["at"]) for item in made("events")).total_seconds() <= 300


class CustomerView:
    """Refuses what is malformed, a whole request where its shape is wrong; is away for the first calls."""

    def __init__(self, *, away: int = 0) -> None:
        self.away = away
        self.sizes: list[int] = []

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: Any) -> Any:
        assert (service, method, timeout) == ("customer_view_bulk", "record_orders", 120)
        if self.away:
            self.away -= 1
            raise Unavailable("nobody there")
        orders = arguments["orders"]
        self.sizes.append(len(orders))
        for index, order in enumerate(orders):
            if isinstance(order["products"], str):
                raise InvalidRequest("expected array", details={"field": f"orders[{index}].products"})
        faults = [
            {"index": index, "field": field, "message": "no"}
            for index, order in enumerate(orders)
            for field in _faults(order)
        ]
        return {"written": len(orders) - len({fault["index"] for fault in faults}), "faults": faults}


def _faults(order: dict[str, Any]) -> list[str]:
    stranger = ["customer_id"] if order["customer_id"] == "nobody" else []
    return stranger + (["products"] if order["products"] == ["no_such_product"] else [])


def test_what_was_refused_is_counted_by_field_and_is_just_what_was_malformed() -> None:
    view = CustomerView()
    items = made("orders", 300, malformed=0.2, twice=0.1)
    told = Boss(view, "orders", batch=50).tell(items)
    assert told.is_as_expected
    assert (told.sent, told.accepted + told.refused) == (len(items), len(items))
    assert told.refused == sum(item.is_malformed for item in items) > 0
    assert set(told.refused_by_field) == {"customer_id", "products", "orders[].products"}
    assert told.repeated == sum(item.is_repeated for item in items) > 0
    assert len(told.first_faults) == 10


def test_a_good_record_that_is_refused_shows() -> None:
    items = made("orders", 3)
    items[1].record["customer_id"] = "nobody"
    told = Boss(CustomerView(), "orders").tell(items)
    assert (told.accepted, told.refused, told.is_as_expected) == (2, 1, False)
    assert told.first_faults == ["sandbox-5-2: customer_id: no"]


def test_while_nobody_answers_the_same_is_sent_again_and_in_the_end_given_up() -> None:
    waited: list[float] = []
    view = CustomerView(away=3)
    told = Boss(view, "orders", wait=waited.append).tell(made("orders", 10))
    assert (told.asked_again, told.accepted, view.sizes) == (3, 10, [10])
    assert waited == [0.5, 1, 2]
    with pytest.raises(Unavailable):
        Boss(CustomerView(away=99), "orders", wait=waited.append).tell(made("orders", 10))


def test_a_rate_is_kept_by_waiting() -> None:
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    told = Boss(CustomerView(), "orders", rate=100, wait=wait, now=lambda: clock[0]).tell(made("orders", 400))
    assert (told.requests, clock[0]) == (4, pytest.approx(3))


def test_a_stream_takes_batches_by_the_name_of_their_kind_and_its_follower_judges_them() -> None:
    published: list[tuple[str, str, list[Any]]] = []

    class Broker:
        def publish(self, exchange: str, routing_key: str, body: bytes) -> None:
            published.append((exchange, routing_key, json.loads(body)))

    items = made("orders", 60, malformed=0.2)
    told = Boss(FeedStream(Broker()), "orders", batch=20).tell(items)
    assert {name[:2] for name in published} == {("banyan.feeds", "orders")}
    sent = [record for _, _, batch in published for record in batch]
    assert sorted(map(str, sent)) == sorted(str(item.record) for item in items)
    assert (told.accepted, told.refused, told.is_as_expected) == (60, 0, True)
