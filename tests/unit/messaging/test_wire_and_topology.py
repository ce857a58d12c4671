"""Names and bytes on the bus: changing one breaks every deployment, so they are pinned here."""

import subprocess
import sys

import msgspec
import pytest

from shared.kernel.environment import FaultySettings
from shared.kernel.faults import Fault, InvalidRequest, RemoteFault
from shared.messaging import wire
from shared.messaging.settings import BusSettings
from shared.messaging.signature import MalformedBody, Signature
from shared.messaging.topology import ENTRYPOINTS, queues_of, service_of


class _Handler:
    source_service, event_type = "channels", "contacts_sent"


class Governance:
    name = "governance_bulk"

    def on_contacts_sent(self) -> None: ...


setattr(Governance.on_contacts_sent, ENTRYPOINTS, {_Handler()})


def method(self: object, first: int, second: list[str], third: bool = False) -> None: ...


def test_queue_names_are_wire_names() -> None:
    plans = queues_of([Governance], BusSettings(retry_seconds=(0.5,)))
    assert [(plan.name, plan.exchange, plan.routing_key) for plan in plans] == [
        ("banyan.retry.500", "banyan.retry.500", ""),
        ("dead.rpc-governance_bulk", "banyan.dead", "dead.rpc-governance_bulk"),
        ("rpc-governance_bulk", "nameko-rpc", "governance_bulk.*"),
        (
            "dead.evt-channels-contacts_sent--governance_bulk.on_contacts_sent",
            "banyan.dead",
            "dead.evt-channels-contacts_sent--governance_bulk.on_contacts_sent",
        ),
        ("evt-channels-contacts_sent--governance_bulk.on_contacts_sent", "channels.events", "contacts_sent"),
    ]


def test_every_working_queue_dead_letters_into_its_own_parking_queue() -> None:
    for plan in queues_of([Governance], BusSettings()):
        if plan.name.startswith(("rpc-", "evt-")):
            assert plan.arguments["x-dead-letter-exchange"] == "banyan.dead"
            assert plan.arguments["x-dead-letter-routing-key"] == f"dead.{plan.name}"


def test_a_bulk_container_belongs_to_its_service() -> None:
    assert (service_of("governance_bulk"), service_of("governance")) == ("governance", "governance")


def test_a_fault_survives_the_wire_with_its_code() -> None:
    fault = Fault("broken", details={"what": object})
    fault.code = "engine_fault"
    error = msgspec.json.decode(wire.encode_fault(fault))["error"]
    assert error["exc_args"][:2] == ["engine_fault", "broken"]
    assert error["value"] == "broken"
    with pytest.raises(RemoteFault) as raised:
        wire.decode_reply(wire.encode_fault(fault), object)
    assert raised.value.code == "engine_fault"


def test_an_error_of_a_stock_nameko_service_is_understood() -> None:
    body = b'{"result": null, "error": {"exc_type": "ValueError", "exc_path": "x", "exc_args": ["no"], "value": "no"}}'
    with pytest.raises(RemoteFault, match="ValueError: no") as raised:
        wire.decode_reply(body, object)
    assert raised.value.code == "internal_fault"


def test_arguments_by_position_are_mapped_to_their_names() -> None:
    decoded = Signature(method).decode(b'{"args": [1, ["a"]], "kwargs": {"third": true}}')
    assert decoded == {"first": 1, "second": ["a"], "third": True}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"args": [1, ["a"], true, 4], "kwargs": {}}', "args"),
        (b'{"args": [1], "kwargs": {"first": 1, "second": []}}', "first"),
        (b'{"args": ["1"], "kwargs": {"second": []}}', "first"),
    ],
)
def test_wrong_positions_are_refused_naming_the_field(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Signature(method).decode(body)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b'{"args": []}', b'{"kwargs": {}}', b'{"args": 1, "kwargs": {}}']
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        Signature(method).decode(body)


def test_a_method_without_annotations_does_not_become_an_entrypoint() -> None:
    def bare(self, thing):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - what is being refused
        ...

    with pytest.raises(TypeError, match="no annotation for thing"):
        Signature(bare)


def test_settings_list_every_faulty_variable_at_once() -> None:
    env = {"BANYAN_AMQP_URL": "http://x", "BANYAN_WORKERS": "none", "BANYAN_RETRY_SECONDS": "1,-2"}
    with pytest.raises(FaultySettings) as raised:
        BusSettings.from_environment(env)
    assert all(name in str(raised.value) for name in env)
    assert BusSettings.from_environment({"BANYAN_RETRY_SECONDS": "0.1,2"}).retry_seconds == (0.1, 2.0)


def test_the_integrators_client_needs_neither_nameko_nor_eventlet_nor_a_database() -> None:
    heavy = "{'nameko', 'eventlet', 'kombu', 'sqlalchemy'}"
    code = f"import sys, shared.messaging.client; sys.exit(bool({heavy} & {{*sys.modules}}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
