"""How a rehearsal's subscribers, visitors and organic orders reach the services: page by page, and always the same."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from services.workbench.demo import cases, intake, organic
from services.workbench.demo.outcome import Protagonist
from services.workbench.demo.sources import SubscriberFile
from services.workbench.demo.visitors import Visitors
from services.workbench.province import subscribers
from shared.contracts.campaigns import (
    CellMember,
    ContactRecord,
    MembersPage,
    OfferedProduct,
    Recommendation,
)
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.governance import ListEntry
from shared.contracts.wire import BULK_LIMIT, RowFault
from shared.kernel.faults import InvalidRequest
from tests.unit.customer_view.rules_folder import PROJECT, write_rules
from tests.unit.demo.pretending import NOON, ScriptedCaller


@given(st.lists(st.integers(), max_size=50), st.integers(1, 9))
def test_pages_keep_every_item_in_order(items: list[int], size: int) -> None:
    found = list(intake.pages(iter(items), size))
    assert [each for page in found for each in page] == items
    assert all(1 <= len(page) <= size for page in found)
    assert all(len(page) == size for page in found[:-1])


def kept(arguments: Mapping[str, Any]) -> UpsertResult:
    return UpsertResult(written=len(next(iter(arguments.values()))), faults=[])


def test_subscribers_go_in_by_pages_and_the_first_ids_are_remembered() -> None:
    caller = ScriptedCaller({"customer_view_bulk.upsert_customers": kept})
    records = [CustomerRecord(customer_id=f"c{number}", facts={}) for number in range(intake.KNOWN_IDS + 700)]
    seen: list[int] = []
    summary, ids = intake.load_customers(caller, iter(records), source="test", advance=seen.append)  # type: ignore[arg-type]  # a fake stands in
    assert (summary.subscribers, summary.refused_rows, summary.synthetic) == (len(records), 0, True)
    assert ids == [each.customer_id for each in records[: intake.KNOWN_IDS]]
    assert sum(seen) == len(records)
    assert max(seen) <= intake.PAGE <= BULK_LIMIT


def test_refused_subscribers_are_counted_and_named() -> None:
    def some(_: Mapping[str, Any]) -> UpsertResult:
        return UpsertResult(written=1, faults=[RowFault(index=1, field="age", message="not a number")])

    caller = ScriptedCaller({"customer_view_bulk.upsert_customers": some})
    records = [CustomerRecord(customer_id=each, facts={}) for each in ("good", "bad")]
    summary, _ = intake.load_customers(caller, records, source="test", advance=lambda _: None)  # type: ignore[arg-type]  # a fake stands in
    assert (summary.subscribers, summary.refused_rows) == (1, 1)
    assert summary.first_faults == ("bad: age: not a number",)


def test_a_fault_in_the_catalogue_stops_the_rehearsal_and_names_the_offering() -> None:
    def refuse(_: Mapping[str, Any]) -> UpsertResult:
        return UpsertResult(written=0, faults=[RowFault(index=0, field="category", message="empty")])

    offerings = cases.read_offerings(PROJECT / "rules")
    with pytest.raises(InvalidRequest, match=f"{offerings[0].offering_id}: category: empty"):
        intake.load_offerings(ScriptedCaller({"catalogue_bulk.upsert_offerings": refuse}), offerings)  # type: ignore[arg-type]  # a fake stands in


def test_lists_go_in_list_by_list() -> None:
    caller = ScriptedCaller({"governance_bulk.list_put": lambda arguments: len(arguments["entries"])})
    entries = [
        (name, ListEntry(customer_id=f"c{number}", reason="asked", source="hall", author="clerk"))
        for number, name in enumerate(("black", "grey", "black"))
    ]
    assert intake.load_lists(caller, entries) == 3  # type: ignore[arg-type]  # a fake stands in
    assert [(given["list"], len(given["entries"])) for _, given in caller.asked] == [("black", 2), ("grey", 1)]


def test_a_plan_s_fault_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for text, word in (("campaign: [", "line"), ("campaign: a\nname_zh: 5", "name_zh"), ("- 1", "object")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidRequest, match=word) as fault:
            cases.read_plan(path)
        assert fault.value.details["file"] == str(path)


def offer(contact_id: str, offering_id: str) -> OfferedProduct:
    return OfferedProduct(
        contact_id=contact_id,
        campaign_id="a",
        offering_id=offering_id,
        name="",
        script="",
        score=1,
        reasons=[],
        expires_at=NOON,
    )


def come(seed: int, ids: list[str], hours: int = 12) -> list[tuple[str, str]]:
    """Let visitors come for some hours; return what was asked of the desk, in order."""

    def advise(arguments: Mapping[str, Any]) -> Recommendation:
        request = arguments["context"].request_id
        offers = [offer(f"{request}-1", "tone"), offer(f"{request}-2", "paper")]
        return Recommendation(customer_id=arguments["customer_id"], offers=offers, withheld=[], rule_set="")

    def note(arguments: Mapping[str, Any]) -> ContactRecord:
        return ContactRecord(
            contact_id=arguments["contact_id"],
            customer_id="c",
            campaign_id="a",
            phase="p",
            cell="main",
            offering_id="tone",
            channel="hall",
            planned_at=NOON,
            state="answered",
        )

    caller = ScriptedCaller({"campaigns.recommend": advise, "campaigns.respond": note})
    visitors = Visitors(caller, ids, seed=seed, at_a_time=8)  # type: ignore[arg-type]  # a fake stands in
    for hour in range(hours):
        visitors.come(datetime(2026, 3, 2, hour, tzinfo=UTC))
    return [
        (name, given["customer_id"] if "customer_id" in given else f"{given['contact_id']} {given['response'].outcome}")
        for name, given in caller.asked
    ]


def test_the_same_seed_draws_the_same_visitors_and_answers_and_another_seed_others() -> None:
    ids = [f"c{number}" for number in range(100)]
    assert come(7, ids) == come(7, ids)
    assert come(7, ids) != come(8, ids)


def test_a_visitor_takes_at_most_one_new_thing_a_visit() -> None:
    asked = come(7, [f"c{number}" for number in range(100)], hours=20)
    taken = Counter(each.split("-")[0] for name, each in asked if name == "campaigns.respond" and "accepted" in each)
    assert taken
    assert set(taken.values()) == {1}


def test_where_nobody_is_known_nobody_comes() -> None:
    assert come(7, []) == []


def test_organic_orders_come_from_control_too_and_the_same_every_time() -> None:
    plan = next(each for each in cases.read_plans(PROJECT / "rules") if each.simulation.organic > 0)
    members = [
        CellMember(customer_id=f"c{n:04d}", phase="p", cell=plan.control if n % 2 else "main") for n in range(3_000)
    ]

    def page(arguments: Mapping[str, Any]) -> MembersPage:
        start = int(arguments["after"] or 0)
        end = start + 1_000
        return MembersPage(members=members[start:end], next_after=str(end) if end < len(members) else None)

    def take() -> list[str]:
        caller = ScriptedCaller({"campaigns_bulk.members_page": page, "customer_view_bulk.record_orders": kept})
        count = organic.take_products(caller, [plan], seed=7)  # type: ignore[arg-type]  # a fake stands in
        orders = [order for name, given in caller.asked if "record" in name for order in given["orders"]]
        assert count == len(orders) == len({order.order_id for order in orders})
        assert {tuple(order.products) for order in orders} == {(plan.converts[0],)}
        return [order.customer_id for order in orders]

    taken = take()
    assert take() == taken
    assert len(taken) / len(members) == pytest.approx(plan.simulation.organic, rel=0.5)
    assert {int(each[1:]) % 2 for each in taken} == {0, 1}


def contact(customer_id: str, *, fulfilled: bool = False) -> ContactRecord:
    return ContactRecord(
        contact_id="k",
        customer_id=customer_id,
        campaign_id="a",
        phase="p",
        cell="main",
        offering_id="tone",
        channel="sms",
        planned_at=NOON,
        state="sent",
        fulfilled_at=NOON if fulfilled else None,
    )


def test_the_subscriber_with_the_most_to_tell_is_the_story() -> None:
    found = Protagonist()
    assert found.best == ""
    for each in ("c1", "c2", "c2", "c1"):
        found.watch(contact(each))
    assert found.best == "c2", "ties by id"
    found.watch(contact("c0", fulfilled=True))
    assert found.best == "c0"


def test_only_so_many_subscribers_are_followed() -> None:
    found = Protagonist()
    for number in range(BULK_LIMIT):
        found.watch(contact(f"c{number}"))
    for _ in range(9):
        found.watch(contact("late"))
    assert found.best != "late"
    assert len(found._seen) == BULK_LIMIT


def test_a_generated_province_s_ids_are_known_beforehand() -> None:
    first = [each.customer_id for each in subscribers(7, 5)]
    assert first == [each.customer_id for each in subscribers(7, 5)]
    assert len(set(first)) == 5


def test_a_file_is_read_through_its_map_and_bad_cells_are_told_by_line_and_column(tmp_path: Path) -> None:
    caller = ScriptedCaller({"customer_view_bulk.upsert_customers": kept})
    path, column_map = tmp_path / "file.csv", tmp_path / "map.yaml"
    path.write_text("号码,年龄\n用户1,30\n用户2,old\n无名,40\n用户4,50\n", encoding="utf-8")
    column_map.write_text(
        json.dumps(
            {
                "about": "test",
                "encoding": "utf-8",
                "as_of": "2026-03-01",
                "id": {"column": "号码", "pattern": r"^用户(\d+)$", "prefix": "t-"},
                "facts": {"age": {"column": "年龄", "between": [10, 110]}},
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    source = SubscriberFile(path, column_map, write_rules(tmp_path / "rules"))
    summary, ids = source.load(caller, Progress(disable=True))  # type: ignore[arg-type]  # a fake stands in
    assert ids == ["t-1", "t-2", "t-4"]
    assert (summary.subscribers, summary.faulty_cells, summary.refused_rows) == (3, 1, 1)
    assert (summary.synthetic, summary.source) == (False, "file.csv")
    assert sorted(each.split(":")[0] for each in summary.first_faults) == ["line 3, 年龄", "line 4, 号码"]
