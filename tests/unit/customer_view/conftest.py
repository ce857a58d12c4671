"""The service on a fresh SQLite file with a steered clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from services.customer_view.adapters.tables import outbox, trigger_firing
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import CustomerRecord, TriggersFired
from shared.kernel.clock import SteeredClock
from tests.unit.customer_view.happenings import Fired
from tests.unit.customer_view.rules_folder import write_rules


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock(datetime(2026, 3, 2, 1, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"BANYAN_VAR": str(tmp_path), "BANYAN_RULES_DIR": str(write_rules(tmp_path / "rules"))})


@pytest.fixture
def use_cases(settings: Settings, clock: SteeredClock) -> UseCases:
    return build(settings, clock)


@pytest.fixture
def fired(settings: Settings) -> Callable[[], Fired]:
    """Return what is stored as fired, after checking that it is what was told."""

    def fired() -> Fired:
        with open_database(settings).read() as connection:
            columns = (trigger_firing.c.trigger_id, trigger_firing.c.customer_id, trigger_firing.c.fired_at)
            stored = [(row[0], row[1], row[2]) for row in connection.execute(sa.select(*columns))]
            query = sa.select(outbox.outbox.c.body).where(outbox.outbox.c.event_type == "triggers_fired")
            events = [msgspec.json.decode(body, type=TriggersFired) for body in connection.scalars(query)]
        told = [(one.trigger, one.customer_id, each.fired_at) for each in events for one in each.firings]
        assert sorted(told) == sorted(stored)
        return sorted(stored)

    return fired


@pytest.fixture
def world(use_cases: UseCases) -> UseCases:
    grown = [CustomerRecord(customer_id=one, facts={"age": 30}) for one in ("a", "b")]
    young = CustomerRecord(customer_id="young", facts={"age": 17})
    use_cases.upsert_customers([*grown, young, CustomerRecord(customer_id="unknown", facts={})])
    return use_cases
