"""The judge of compatibility finds what it must find: violations are planted here, one at a time."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.compatibility import method_violations, schema_violations

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


def field(name: str, schema: dict[str, Any], *, required: bool) -> Edit:
    def edit(schemas: Any) -> None:
        order = schemas["Order"]
        order["properties"][name] = schema
        order["required"] = sorted({*order["required"], name}) if required else order["required"]

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


def test_what_is_only_added_breaks_nothing() -> None:
    schemas, methods = deepcopy(SCHEMAS), deepcopy(METHODS)
    field("colour", {"type": "string", "default": "red"}, required=False)(schemas)
    schemas["Parcel"] = {"type": "object", "properties": {}, "required": []}
    methods["shop"]["order"]["asks"]["zone"] = "str = 'CN'"
    methods["shop"]["cancel"] = {"asks": {}, "tells": "None"}
    assert schema_violations(SCHEMAS, schemas) == []
    assert method_violations(METHODS, methods) == []
