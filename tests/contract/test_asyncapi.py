"""The published AsyncAPI document is valid, whole, and says of real messages what they are."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from scripts.api.feeds import FEEDS
from scripts.api.promises import REPEATS
from scripts.api.reading import read_methods
from services.customer_view.application import record_feeds
from services.workbench.broker import integrators
from shared.contracts.channels import ContactsFailed, FailedContact
from shared.contracts.customer_view import TriggerFiring, TriggersFired
from tests.contract.published import OFFICIAL, Published

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def published() -> Published:
    return Published()


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((ROOT / OFFICIAL).read_text("utf-8")))


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return every message that all services exchanged while they did a little of everything."""
    folder = tmp_path_factory.mktemp("bus")
    command = [sys.executable, "-m", "tests.contract.bus_program", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads((folder / "messages.json").read_text("utf-8"))
    return found


def references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)


def resolved(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_the_document_is_valid_by_the_official_schema(published: Published, official: Any) -> None:
    assert [fault.message for fault in official.iter_errors(published.document)] == []


@pytest.mark.parametrize(
    "path",
    [
        ("operations", "governance.reserve", "action"),
        ("channels", "reply", "bindings", "amqp", "is"),
        ("components", "schemas", "Verdict", "type"),
        ("servers", "plain", "protocol"),
    ],
)
def test_the_official_schema_finds_a_document_that_is_wrong(
    published: Published, official: Any, path: tuple[str, ...]
) -> None:
    wrong = deepcopy(published.document)
    resolved(wrong, "/".join(path[:-1]))[path[-1]] = 7
    assert not official.is_valid(wrong)


def test_every_reference_leads_somewhere(published: Published) -> None:
    found = set(references(published.document))
    assert len(found) > 200
    for reference in found:
        assert resolved(published.document, reference), reference


def test_an_operation_speaks_of_messages_of_its_channels_alone(published: Published) -> None:
    for name, operation in published.document["operations"].items():
        for part in filter(None, (operation, operation.get("reply"))):
            folder = part["channel"]["$ref"] + "/messages/"
            assert all(each["$ref"].startswith(folder) for each in part["messages"]), name


def test_every_method_is_published_with_reply_limits_and_what_asking_again_does(published: Published) -> None:
    for method in read_methods():
        operation = published.document["operations"][method.address]
        assert operation["reply"]["messages"]
        assert operation["x-limits"]["bytes"] > 0
        assert operation["x-repeat"]["then"]


def test_the_ids_that_make_a_call_the_same_are_fields_of_it(published: Published) -> None:
    """`requests[].contact_id` leads through the published schema to a field."""
    for method in read_methods():
        schema = published.messages[f"{method.address}.request"]["payload"]["properties"]["kwargs"]
        for place in REPEATS[method.service][method.name].by:
            found = schema
            for part in re.findall(r"[a-z_]+|\[\]", place):
                found = found["items"] if part == "[]" else found["properties"][part]
                found = resolved(published.document, found["$ref"]) if "$ref" in found else found
            assert found, f"{method.address}: {place}"


def test_real_messages_of_all_services_are_as_published(published: Published, captured: list[dict[str, Any]]) -> None:
    asked: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    faults: list[str] = []
    for message in captured:
        key, number = message["routing_key"], message["properties"].get("correlation_id", "")
        body = base64.b64decode(message["body"])
        if message["exchange"] != "nameko-rpc":
            name = f"{message['exchange']}.{key}"
        elif key.startswith("reply."):
            name = "fault" if json.loads(body)["error"] else f"{asked[key, number]}.reply"
        else:
            asked[message["properties"]["reply_to"], number] = key
            name = f"{key}.request"
        if key == "campaigns.dance" or (name == "catalogue.list_offerings.request" and b"colour" in body):
            continue  # asked wrongly on purpose
        seen.add(name)
        faults += published.faults_of(name, body, message["headers"])
        assert message["properties"]["content_type"] == "application/json"
        assert message["content_encoding"] == "utf-8"
    assert faults == []
    assert {name for name in seen if ".events." in name} >= {
        "campaigns.events.contacts_sent",
        "campaigns.events.orders_fulfilled",
        "campaigns.events.outcomes_recorded",
        "catalogue.events.offerings_changed",
        "channels.events.contacts_sent",
        "channels.events.outcomes_recorded",
        "customer_view.events.customers_changed",
        "governance.events.lists_changed",
    }
    assert "fault" in seen
    assert len(seen) > 50


@pytest.mark.parametrize(
    ("name", "event"),
    [
        (
            "channels.events.contacts_failed",
            ContactsFailed(
                contacts=[
                    FailedContact(
                        contact_id="one",
                        customer_id="anna",
                        campaign_id="spring",
                        channel="sms",
                        reason="rejected",
                        at=AT,
                    )
                ]
            ),
        ),
        (
            "customer_view.events.triggers_fired",
            TriggersFired(
                fired_at=AT,
                rule_set="abc",
                firings=[TriggerFiring(trigger="quota", trigger_version="1", customer_id="anna", window=2)],
            ),
        ),
    ],
)
def test_events_that_are_seldom_are_as_published(published: Published, name: str, event: msgspec.Struct) -> None:
    body = msgspec.json.encode(event)
    assert published.faults_of(name, body, {"banyan.event_id": "one"}) == []
    assert published.faults_of(name, body, {}) == [f"{name}: $: 'banyan.event_id' is a required property"]


def test_the_feeds_published_are_those_that_are_read() -> None:
    assert dict(FEEDS) == record_feeds._SHAPES
    assert set(FEEDS) == set(integrators.FEEDS)


@pytest.mark.parametrize(
    ("body", "is_published"),
    [
        ({"order_id": "one", "customer_id": "anna", "products": ["crbt"]}, True),
        ([{"order_id": "one", "customer_id": "anna", "products": []}], True),
        ([], True),
        ({"order_id": "one", "customer_id": "anna"}, False),
        ([{"order_id": "one", "customer_id": "anna", "products": [], "colour": "red"}], False),
        ("one", False),
    ],
)
def test_a_feed_takes_one_record_or_many(published: Published, body: object, is_published: bool) -> None:
    found = published.faults_of("feed.orders", json.dumps(body).encode(), {})
    assert (not found) == is_published


@pytest.mark.parametrize(
    ("kwargs", "complaint"),
    [
        ({}, "'contact_ids' is a required property"),
        ({"contact_ids": "one", "reason": ""}, "is not of type 'array'"),
        ({"contact_ids": [], "reason": "", "colour": "red"}, "Additional properties are not allowed"),
    ],
)
def test_a_request_that_a_service_would_refuse_is_not_as_published(
    published: Published, kwargs: dict[str, Any], complaint: str
) -> None:
    body = json.dumps({"args": [], "kwargs": kwargs}).encode()
    found = published.faults_of("governance.release.request", body, {})
    assert any(complaint in fault for fault in found), found
