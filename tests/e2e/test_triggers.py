"""Events in by RPC, the trigger fires once, the event goes out, and the phase takes the subscriber in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.client import BanyanClient
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, offerings, plans

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

MORNING = datetime(2026, 3, 2, 3, tzinfo=UTC)  # 11:00 in Fuzhou
HOUR = timedelta(hours=1)
TRIGGER = "quota-nearly-used-twice"
PROCESSES = [("customer_view", "catalogue", "channels"), ("governance", "campaigns")]
FACTS = {"plan": "donggan", "products": [], "city": "xiamen"}


@contextmanager
def town(postgres: Postgres, broker: RabbitMQ, folder: Path) -> Iterator[tuple[Deployment, Operator]]:
    deployment = Deployment(postgres, broker, folder, now=MORNING, processes=PROCESSES)
    with deployment, BanyanClient(deployment.amqp_url) as client:
        operator = Operator(deployment, client)
        operator.ask("catalogue_bulk", "upsert_offerings", offerings=offerings())
        customers = [{"customer_id": who, "facts": FACTS} for who in ("anna", "bert")]
        operator.ask("customer_view_bulk", "upsert_customers", customers=customers)
        deployment.settle()
        operator.launch([triggered_plan()])
        yield deployment, operator


def triggered_plan() -> dict[str, Any]:
    (plan,) = plans(["mo-upgrade"])
    treatment = {"treatment": "now", "offering": "mo-upgrade", "steps": [{"channel": "sms", "cost_fen": 5}]}
    return plan | {
        "campaign": "quota-reminder",
        "phases": [{"phase": "all", "trigger": TRIGGER, "starts_on": "2026-03-02", "ends_on": "2026-03-29"}],
        "cells": [{"cell": "main", "share": 1.0, "treatments": ["now"]}, {"cell": "control", "share": 0.0}],
        "treatments": [treatment],
    }


def passed(who: str, number: int, at: datetime, percent: int = 85) -> dict[str, Any]:
    return {
        "event_id": f"{who}-{number}",
        "customer_id": who,
        "type": "quota_passed",
        "at": at.isoformat(),
        "attributes": {"percent": percent},
    }


def test_events_fire_a_trigger_once_and_its_phase_takes_the_subscriber_in(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path
) -> None:
    with town(postgres, broker, tmp_path) as (deployment, operator):
        operator.live_through([MORNING])
        events = [passed("anna", 1, MORNING - HOUR), passed("anna", 2, MORNING), passed("bert", 1, MORNING)]
        wrong = passed("bert", 2, MORNING) | {"type": "quota_past"}
        answer = operator.ask("customer_view", "record_events", events=[*events, wrong])
        assert (answer["written"], [(fault["index"], fault["field"]) for fault in answer["faults"]]) == (
            3,
            [(3, "type")],
        )
        for _ in range(2):  # told again, by the other container: nothing new
            again = operator.ask("customer_view_bulk", "record_events", events=events)
            assert (again["written"], again["faults"]) == (3, [])
        deployment.settle()
        fired = "SELECT customer_id, trigger_id FROM trigger_firing"
        assert deployment.query("customer_view", fired) == [("anna", TRIGGER)]
        assert deployment.query("campaigns", fired) == [("anna", TRIGGER)]

        operator.live_through([MORNING + HOUR, MORNING + 2 * HOUR])
        members = operator.ask(
            "campaigns_bulk", "members_page", campaign_id="quota-reminder", cell="", after="", limit=9
        )
        assert [one["customer_id"] for one in members["members"]] == ["anna"]
        assert [(one["customer_id"], one["channel"]) for one in operator.contacts()] == [("anna", "sms")]

        ahead = passed("bert", 3, MORNING + 2 * HOUR + HOUR / 2)
        operator.ask("customer_view", "record_events", events=[ahead])
        deployment.move_clock(MORNING + 3 * HOUR)
        assert operator.ask("customer_view_bulk", "fire_due", until=None)["fired"] == 1
        deployment.settle()
        operator.live_through([MORNING + 3 * HOUR])
        assert sorted(one["customer_id"] for one in operator.contacts()) == ["anna", "bert"]
