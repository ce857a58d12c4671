"""The published OpenAPI document is valid, and says what the HTTP adapters really send and understand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import httpx
import jsonschema
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from scripts.publish_api import FOLDER
from services.campaigns.adapters.fulfilment_http import HttpFulfilment
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import SalesOrder
from services.channels.adapters.sms_http import HttpSmsGateway
from services.channels.application.ports import SmsMessage

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CATALOGUE = {"tone": Offering("tone", "铃", "tone", "crbt", products=("crbt",))}
ORDERS = [
    SalesOrder(name, f"customer of {name}", "a", "p1", "main", "only", "tone", accepted_at=NOW, due_at=NOW)
    for name in ("one", "two")
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "openapi.yaml").read_text("utf-8"))
    return found


class Published:
    """What the document says of one path."""

    def __init__(self, document: dict[str, Any], path: str) -> None:
        self.document, self.operation = document, document["paths"][path]["post"]

    def refuse_unpublished(self, body: Any, key: str, answer: Any) -> None:
        """Raise ValidationError unless body, key and answer are as published."""
        content = self.operation["requestBody"]["content"], self.operation["responses"]["200"]["content"]
        for part, value in zip(content, (body, answer), strict=True):
            self._check(part["application/json"]["schema"], value)
        self._check(self.document["components"]["parameters"]["IdempotencyKey"]["schema"], key)

    def _check(self, schema: dict[str, Any], value: Any) -> None:
        whole = {"components": self.document["components"], "allOf": [schema]}
        jsonschema.Draft202012Validator(whole).validate(value)


def test_the_document_is_valid_and_a_wrong_one_is_found(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    wrong = {**document, "info": {"title": "no version"}}
    assert list(OpenAPIV31SpecValidator(wrong).iter_errors())


def test_orders_and_cancellations_are_as_published(document: dict[str, Any]) -> None:
    asked = []

    def operator(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        refuses = request.url.host == "ismp"
        results = [
            {"order_id": each["order_id"], "status": "refused" if refuses else "done", "message": None}
            for each in body["orders"]
        ]
        answer = {"results": results, "seen": "added by a later release"}
        asked.append((f"{request.url.host}{request.url.path}", body))
        Published(document, request.url.path).refuse_unpublished(body, request.headers["Idempotency-Key"], answer)
        return httpx.Response(200, json=answer)

    client = httpx.Client(transport=httpx.MockTransport(operator))
    results = HttpFulfilment(client, "http://crm", "http://ismp").carry_out(ORDERS, CATALOGUE, {})
    assert [place for place, _ in asked] == ["crm/orders", "ismp/orders", "crm/cancellations"]
    assert [each.is_fulfilled for each in results] == [False, False]


class Gateway(BaseHTTPRequestHandler):
    """An SMS gateway that takes the first message of a batch and rejects the rest."""

    asked: ClassVar[list[tuple[Any, str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        first, *rest = [each["id"] for each in body["messages"]]
        results = [{"id": first, "status": "accepted"}, *({"id": name, "status": "rejected"} for name in rest)]
        self.asked.append((body, self.headers["Idempotency-Key"], {"results": results}))
        content = json.dumps({"results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_messages_are_as_published(document: dict[str, Any], gateway: str) -> None:
    sender = HttpSmsGateway(gateway)
    messages = [SmsMessage(name, f"1380000{name}", "hello 您好") for name in ("one", "two")]
    submitted = sender.submit(messages)
    sender.close()
    assert [each.is_accepted for each in submitted] == [True, False]
    [(body, key, answer)] = Gateway.asked
    Published(document, "/messages").refuse_unpublished(body, key, answer)


@pytest.mark.parametrize("answer", [{}, {"results": [{"order_id": "one"}]}, {"results": [{"status": "done"}]}])
def test_an_answer_that_is_none_is_not_as_published(document: dict[str, Any], answer: dict[str, Any]) -> None:
    body = {"orders": [{"order_id": "one", "customer_id": "anna", "offering_id": "tone", "products": []}]}
    with pytest.raises(jsonschema.ValidationError):
        Published(document, "/orders").refuse_unpublished(body, "a" * 24, answer)
