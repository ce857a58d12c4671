"""Whatever a caller gets wrong is told with a code and a field; nothing is half-written and nobody goes down."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.workbench.registry import CONTAINERS
from shared.contracts.wire import BULK_LIMIT, INTERACTIVE_LIMIT
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from shared.messaging.topology import service_of
from tests.support.deployment import Deployment
from tests.support.rehearsal import plans

pytestmark = [pytest.mark.servers, pytest.mark.slow]

Watch = Callable[..., Any]
HERE = Path(__file__).parent
CALLS: dict[str, Any] = yaml.safe_load((HERE / "bad_calls.yaml").read_text("utf-8"))
PLANS: list[dict[str, Any]] = yaml.safe_load((HERE / "bad_plans.yaml").read_text("utf-8"))
LIMITS = {"interactive": INTERACTIVE_LIMIT, "bulk": BULK_LIMIT}


def arguments_of(call: dict[str, Any]) -> dict[str, Any]:
    """Write out what a line of bad_calls.yaml asks with."""
    items = CALLS["items"]
    thirds = {name: [items[name], items[name], items[name] | wrong] for name, wrong in call.get("third", {}).items()}
    many = {name: [items[name]] * (LIMITS[pool] + 1) for name, pool in call.get("too_many", {}).items()}
    return {**call.get("with", {}), **thirds, **many}


def refusal(client: BanyanClient, container: str, method: str, **arguments: object) -> Fault:
    with pytest.raises(Fault) as caught:
        client.call(container, method, timeout=60, **arguments)
    return caught.value


@pytest.mark.parametrize("call", CALLS["calls"], ids=lambda call: call["title"])
def test_a_mistake_is_told_and_changes_nothing(client: BanyanClient, unharmed: Watch, call: dict[str, Any]) -> None:
    container, method = call["ask"].split(".")
    with unharmed(service_of(container)):
        fault = refusal(client, container, method, **arguments_of(call))
    assert (fault.code, fault.details.get("field")) == (call["code"], call["field"]), fault.message


def test_the_watch_sees_a_single_row_that_was_written(client: BanyanClient, unharmed: Watch, town: Deployment) -> None:
    with pytest.raises(AssertionError), unharmed("customer_view"):
        client.call("customer_view", "upsert_customers", customers=[{"customer_id": "seen", "facts": {"age": 40}}])
    town.settle()


def test_every_container_refuses_what_it_does_not_know(client: BanyanClient, unharmed: Watch) -> None:
    with unharmed():
        for container in CONTAINERS:
            assert refusal(client, container, "guess").code == "unknown_method", container
            fault = refusal(client, container, "ping", loudly=True)
            assert (fault.code, fault.details["field"]) == ("invalid_request", "loudly"), container


def faulty(mistake: dict[str, Any]) -> dict[str, Any]:
    """Make a sound plan with the mistake that a line of bad_plans.yaml describes."""
    plan = deepcopy(plans(["crbt-win-back"])[0]) | {"campaign": "bad-input"}
    for path, value in mistake.get("set", {}).items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = plan
        for step in steps:
            place = place[step]
        place[last] = value
    plan.pop(mistake.get("left_out"), None)
    if rule := mistake.get("rule"):
        plan["phases"][0] = {key: value for key, value in plan["phases"][0].items() if key != "segment"} | {
            "rule": rule
        }
    return plan


@pytest.mark.parametrize("mistake", PLANS, ids=lambda mistake: f"a plan {mistake['title']}")
def test_a_plan_is_refused_by_code_and_place(client: BanyanClient, unharmed: Watch, mistake: dict[str, Any]) -> None:
    with unharmed("campaigns"):
        fault = refusal(client, "campaigns", "draft", plan=faulty(mistake))
    assert (fault.code, fault.details.get("field")) == (mistake["code"], mistake["field"]), fault.message


def test_all_mistakes_of_a_plan_are_told_at_once(client: BanyanClient) -> None:
    plan = deepcopy(plans(["crbt-win-back"])[0]) | {"campaign": "bad-input", "control": "nobody"}
    plan["treatments"][0]["offering"] = "no-such-offering"
    faults = refusal(client, "campaigns", "draft", plan=plan).details["faults"]
    assert isinstance(faults, list)
    assert {(fault["code"], fault["field"]) for fault in faults} >= {
        ("invalid_plan", "control"),
        ("unknown_offering", "treatments[0].offering"),
    }


def test_an_unknown_channel_is_no_fault_of_governance_but_a_suppression_with_a_reason(
    client: BanyanClient, unharmed: Watch
) -> None:
    with unharmed("customer_view", "catalogue", "channels", "campaigns"):
        for method in ("check", "reserve"):
            [verdict] = client.call("governance", method, requests=[CALLS["items"]["requests"] | {"channel": "pigeon"}])
            assert verdict["verdict"] == "suppress"
            assert verdict["reasons"]
            assert "pigeon" in verdict["reasons"][0]["text"] or "channel" in verdict["reasons"][0]["rule_id"]


def test_good_items_of_a_batch_are_kept_and_bad_ones_told_by_place_and_field(
    client: BanyanClient, town: Deployment
) -> None:
    customers = [
        {"customer_id": "good-1", "facts": {"age": 30}},
        {"customer_id": "bad 2", "facts": {}},
        {"customer_id": "bad-3", "facts": {"age": "thirty"}},
        {"customer_id": "bad-4", "facts": {"shoe_size": 40}},
    ]
    told = client.call("customer_view", "upsert_customers", customers=customers)
    places = [(fault["index"], fault["field"]) for fault in told["faults"]]
    assert told["written"] == 1
    assert places == [(1, "customer_id"), (2, "facts.age"), (3, "facts.shoe_size")]
    kept = town.query("customer_view", "SELECT customer_id FROM customer WHERE customer_id LIKE '%d%-%'")
    assert [row[0] for row in kept if str(row[0]).startswith(("good", "bad"))] == ["good-1"]
    offerings = [CALLS["items"]["offerings"] | {"offering_id": "bad-bundle", "components": ["no-such-offering"]}]
    assert client.call("catalogue", "upsert_offerings", offerings=offerings)["faults"][0]["field"] == "components[0]"
    town.settle()
