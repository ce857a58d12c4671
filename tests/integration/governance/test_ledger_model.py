"""The service and the executable model, asked the same things in the same order, must answer alike."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.governance.ledger_machine import LedgerMachine
from tests.integration.governance.ledger_site import Site
from tests.integration.governance.world import World


@pytest.fixture
def site(make_world: Callable[..., World]) -> Site:
    return Site(make_world())


def test_the_service_answers_as_the_model_does(site: Site, database_url: str) -> None:
    is_sqlite = database_url.startswith("sqlite")
    seed = os.environ.get("BANYAN_TEST_SEED")
    examples = int(os.environ.get("BANYAN_TEST_EXAMPLES", "40" if is_sqlite else "20"))
    machine = type("Machine", (LedgerMachine,), {"site": site})
    bounds = settings(
        max_examples=examples,
        stateful_step_count=30 if is_sqlite else 25,
        derandomize=seed is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounds)
