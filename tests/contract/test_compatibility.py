"""The judge of compatibility finds what it must find: violations are planted here, one at a time."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.compatibility import (
    code_violations,
    method_violations,
    schema_violations,
    topology_violations,
    violations_between,
)
from tests.contract.update import kept, releases

Edit = Callable[[Any], object]

SCHEMAS: dict[str, Any] = {
    "Order": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "note": {"type": "string", "default": ""}},
        "required": ["id"],
        "additionalProperties": False,
    }
}
METHODS: dict[str, Any] = {
    "shop": {"order": {"asks": {"orders": "list[Order]", "limit": "int = 5"}, "tells": "Result"}},
}

QUEUE = "evt-shop-sold--bills_bulk.on_sold"
TOPOLOGY: dict[str, Any] = {
    "exchanges": {"shop.events": "topic"},
    "events": {"shop.events": ["sold"]},
    "event_bodies": {"shop.events/sold": "shop.Sold"},
    "queues": {QUEUE: ["shop.events", "sold", {"x-queue-type": "classic"}]},
}


def field(name: str, schema: dict[str, Any], *, required: bool) -> Edit:
    def edit(schemas: Any) -> None:
        order = schemas["Order"]
        order["properties"][name] = schema
        order["required"] = sorted({*order["required"], name}) if required else order["required"]

    return edit


def field_of(struct: str, name: str) -> Edit:
    def edit(schemas: Any) -> None:
        schemas[struct]["properties"][name] = {"type": "string"}
        schemas[struct]["required"].append(name)

    return edit


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda s: s.pop("Order"), "Order is gone"),
        (lambda s: s["Order"]["properties"].pop("note"), "Order.note is gone"),
        (field("note", {"type": "integer", "default": ""}, required=False), "Order.note has changed"),
        (field("note", {"type": "string", "default": "-"}, required=False), "Order.note has changed"),
        (field("colour", {"type": "string"}, required=True), "Order.colour was added without a default"),
        (lambda s: s["Order"].update(required=[]), "Order.id is no longer required"),
        (lambda s: s["Order"].update(required=["id", "note"]), "Order.note is now required"),
        (lambda s: s["Order"].pop("additionalProperties"), "Order treats unknown fields in another way"),
    ],
)
def test_a_change_that_breaks_a_message_is_found(edit: Edit, complaint: str) -> None:
    after = deepcopy(SCHEMAS)
    edit(after)
    [found] = schema_violations(SCHEMAS, after)
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda m: m.pop("shop"), "shop.order is gone"),
        (lambda m: m["shop"].pop("order"), "shop.order is gone"),
        (lambda m: m["shop"]["order"].update(tells="None"), "shop.order tells None"),
        (lambda m: m["shop"]["order"]["asks"].pop("limit"), "shop.order(limit) is gone"),
        (lambda m: m["shop"]["order"]["asks"].update(limit="int"), "shop.order(limit) has changed"),
        (lambda m: m["shop"]["order"]["asks"].update(zone="str"), "shop.order(zone) was added without a default"),
    ],
)
def test_a_change_that_breaks_a_method_is_found(edit: Edit, complaint: str) -> None:
    after = deepcopy(METHODS)
    edit(after)
    [found] = method_violations(METHODS, after)
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda t: t["exchanges"].pop("shop.events"), "exchange shop.events is gone"),
        (lambda t: t["exchanges"].update({"shop.events": "fanout"}), "exchange shop.events has changed"),
        (lambda t: t["events"]["shop.events"].remove("sold"), "event shop.events/sold is heard by nobody"),
        (lambda t: t["events"].pop("shop.events"), "event shop.events/sold is heard by nobody"),
        (lambda t: t["event_bodies"].pop("shop.events/sold"), "event shop.events/sold is gone"),
        (lambda t: t["event_bodies"].update({"shop.events/sold": "shop.Sale"}), "event shop.events/sold has changed"),
        (lambda t: t["queues"].pop(QUEUE), f"queue {QUEUE} is gone"),
        (lambda t: t["queues"][QUEUE].__setitem__(1, "bought"), f"queue {QUEUE} has changed"),
        (lambda t: t["queues"][QUEUE][2].update({"x-max-length": 9}), f"queue {QUEUE} has changed"),
    ],
)
def test_a_name_on_the_bus_that_is_gone_or_means_something_else_is_found(edit: Edit, complaint: str) -> None:
    after = deepcopy(TOPOLOGY)
    edit(after)
    [found] = topology_violations(TOPOLOGY, after)
    assert found.startswith(complaint)


def test_a_code_that_is_gone_is_found_whoever_answered_it() -> None:
    codes = {"not_found": ["shared.kernel"], "sold_out": ["services.shop"]}
    assert code_violations(codes, {"not_found": []}) == ["code sold_out is gone"]


@pytest.mark.parametrize(
    ("snapshot", "edit", "complaint"),
    [
        ("schemas", lambda s: s["Verdict"]["properties"].pop("reasons"), "Verdict.reasons is gone"),
        ("schemas", lambda s: s["Plan"]["properties"]["zone"].pop("default"), "Plan.zone has changed"),
        ("schemas", field_of("ContactRequest", "colour"), "ContactRequest.colour was added without a default"),
        ("methods", lambda m: m["governance"].pop("reserve"), "governance.reserve is gone"),
        ("topology", lambda t: t["exchanges"].pop("nameko-rpc"), "exchange nameko-rpc is gone"),
        ("codes", lambda c: c.pop("batch_too_large"), "code batch_too_large is gone"),
    ],
)
def test_a_change_that_breaks_the_last_release_is_found_in_its_own_contract(
    snapshot: str, edit: Edit, complaint: str
) -> None:
    before = kept(releases()[-1])
    after = deepcopy(before)
    edit(after[snapshot])
    [found] = violations_between(before, after)
    assert found.startswith(complaint)


def test_what_is_only_added_breaks_nothing() -> None:
    schemas, methods, topology = deepcopy(SCHEMAS), deepcopy(METHODS), deepcopy(TOPOLOGY)
    topology["exchanges"]["bills.events"] = "topic"
    topology["events"]["shop.events"].append("returned")
    topology["queues"]["rpc-bills"] = ["nameko-rpc", "bills.*", {}]
    assert topology_violations(TOPOLOGY, topology) == []
    assert code_violations({"not_found": []}, {"not_found": ["services.shop"], "sold_out": []}) == []
    field("colour", {"type": "string", "default": "red"}, required=False)(schemas)
    schemas["Parcel"] = {"type": "object", "properties": {}, "required": []}
    methods["shop"]["order"]["asks"]["zone"] = "str = 'CN'"
    methods["shop"]["cancel"] = {"asks": {}, "tells": "None"}
    assert schema_violations(SCHEMAS, schemas) == []
    assert method_violations(METHODS, methods) == []
