"""The walk finds the one thing that is wrong, says what to do, and tidies up behind itself."""

from typing import Any

import pytest
from click.testing import CliRunner

from services.workbench.cli.commands import banyan
from services.workbench.sandbox.walk import Walk
from shared.kernel.faults import InvalidRequest, NotFound, RemoteFault, Unavailable

CONTACT = "contact-1"
BOTH = [{"system": "crm", "state": "done"}, {"system": "ismp", "state": "done"}]


class Deployment:
    """Services and a sandbox that are well, unless `answers` says otherwise."""

    url = "http://sandbox"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_there = True
        self.orders: list[dict[str, Any]] = BOTH
        self.answers: dict[str, Any] = {
            "ping": {},
            "upsert_offerings": {"written": 1, "faults": []},
            "upsert_customers": {"written": 12, "faults": []},
            "draft": {},
            "submit": {"awaiting_level": "sandbox"},
            "approve": {"awaiting_level": None},
            "launch": {},
            "run_due": {},
            "recommend": {
                "offers": [{"offering_id": "sandbox-walk", "contact_id": CONTACT, "name": "tone"}],
                "withheld": [],
            },
            "respond": {"contact_id": CONTACT, "outcome": "accepted"},
            "get_customer": {"facts": {"products": ["crbt"]}},
            "stop": {"state": "stopped"},
        }

    def health(self) -> None:
        if not self.is_there:
            raise Unavailable("no sandbox")

    def rows(self, kind: str, *, only: str = "", limit: int = 100) -> list[dict[str, Any]]:
        assert (kind, only, limit) == ("orders", CONTACT, 100)
        return self.orders

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: Any) -> Any:
        assert service
        assert timeout
        self.asked.append(method)
        answer = self.answers[method]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(**arguments) if callable(answer) else answer

    def walk(self) -> list[tuple[bool, str, str]]:
        clock = [0.0]

        def wait(seconds: float) -> None:
            clock[0] += seconds

        walk = Walk(self, self, "run1", patience=3, wait=wait, now=lambda: clock[0])
        return [(step.is_well, step.seen, step.advice) for step in walk.steps()]


def test_all_is_well() -> None:
    steps = Deployment().walk()
    assert len(steps) == 10
    assert all(step[0] for step in steps)


def test_a_sandbox_that_is_away_ends_the_walk_before_anything_is_sent() -> None:
    deployment = Deployment()
    deployment.is_there = False
    [(is_well, seen, advice)] = deployment.walk()
    assert (is_well, seen) == (False, "unavailable: no sandbox")
    assert "banyan sandbox serve" in advice
    assert deployment.asked == []


def test_it_waits_for_what_others_have_not_heard_of_yet() -> None:
    deployment = Deployment()
    right = deployment.answers["recommend"]
    deployment.answers["draft"] = [RemoteFault("unknown_offering", "not yet"), {}]
    deployment.answers["recommend"] = [NotFound("no such subscriber yet"), right]
    deployment.answers["run_due"] = [Unavailable("another run is under way"), {}]
    deployment.answers["get_customer"] = [{"facts": {}}, {"facts": {"products": ["crbt"]}}]
    assert all(step[0] for step in deployment.walk())


def test_a_control_subscriber_gets_no_offer_and_the_next_one_does() -> None:
    deployment = Deployment()
    nothing = {"offers": [{"offering_id": "another", "contact_id": "x", "name": "x"}], "withheld": []}
    deployment.answers["recommend"] = [nothing, deployment.answers["recommend"]]
    steps = deployment.walk()
    assert all(step[0] for step in steps)
    assert steps[5][1].startswith("SANDBOX-run1-02")


def test_where_nobody_gets_an_offer_it_says_why_and_stops_the_campaign() -> None:
    deployment = Deployment()
    deployment.answers["recommend"] = {"offers": [], "withheld": [{"reasons": [{"text": "频次 / cap"}]}]}
    *_, (is_well, seen, _), tidied = deployment.walk()
    assert not is_well
    assert seen == "unavailable: nobody got an offer within 3 s: no offer: 频次 / cap"
    assert tidied[:2] == (True, "stopped")


def test_an_order_carried_out_without_the_sandbox_is_a_setting() -> None:
    deployment = Deployment()
    deployment.orders = []
    *_, (is_well, seen, advice), _ = deployment.walk()
    assert (is_well, "without the sandbox" in seen, "BANYAN_FULFILMENT=http" in advice) == (False, True, True)


def test_half_an_order_is_not_enough() -> None:
    deployment = Deployment()
    deployment.orders = BOTH[:1]
    *_, (is_well, seen, _), _ = deployment.walk()
    assert (is_well, "in the sandbox: {'crm': 'done'}" in seen) == (False, True)


def test_an_order_the_sandbox_refuses_is_told_at_once() -> None:
    deployment = Deployment()
    deployment.orders = [{"system": "crm", "state": "cancelled"}, {"system": "ismp", "state": "refused"}]
    *_, (is_well, _, advice), _ = deployment.walk()
    assert (is_well, "behave all" in advice) == (False, True)


def test_a_deployment_whose_vocabulary_lacks_the_facts_says_so() -> None:
    deployment = Deployment()
    faults = [{"index": 0, "field": "facts.handset_brand", "message": "unknown_fact"}]
    deployment.answers["upsert_customers"] = {"written": 0, "faults": faults}
    *_, (is_well, seen, advice) = deployment.walk()
    assert (is_well, "facts.handset_brand" in seen, "vocabulary" in advice) == (False, True, True)
    deployment = Deployment()
    deployment.answers["draft"] = InvalidRequest("no")
    *_, (is_well, seen, _) = deployment.walk()
    assert (is_well, seen) == (False, "invalid_request: no")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["behave", "crm", "--fail", "120%"], "no share"),
        (["behave", "crm", "--late", "soon"], "no span"),
        (["behave", "crm", "--late", "2h"], "late"),
        (["behave", "boss"], "boss"),
        (["send", "invoices"], "invoices"),
        (["send", "events", "--at", "2026-03-02T10:00"], "no UTC offset"),
        (["send", "events", "--at", "noon"], "noon"),
    ],
)
def test_what_is_typed_wrongly_is_told_with_exit_code_2(arguments: list[str], word: str) -> None:
    result = CliRunner().invoke(banyan, ["sandbox", *arguments])
    assert (result.exit_code, word in result.output) == (2, True), result.output


def test_commands_without_a_sandbox_say_so_with_exit_code_1() -> None:
    for command in (["health"], ["orders"], ["behave", "all"], ["flush"], ["forget", "--yes"]):
        result = CliRunner().invoke(banyan, ["sandbox", *command], env={"BANYAN_SANDBOX_URL": "http://127.0.0.1:9"})
        assert (result.exit_code, "sandbox_unavailable" in result.output) == (1, True)
