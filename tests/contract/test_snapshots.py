"""What others rely on changes only on purpose; who changes it sees what it means for them."""

from itertools import pairwise

import pytest

from services.workbench.registry import CONTAINERS
from tests.contract.compatibility import violations_between
from tests.contract.snapshots import (
    documented_methods,
    methods_snapshot,
    promised_events,
    topology_snapshot,
)
from tests.contract.update import COMMAND, MAKERS, committed, kept, releases, violations


def test_nothing_that_the_last_release_promised_has_been_taken_away() -> None:
    assert releases(), f"at least one release is kept: {COMMAND} --release"
    assert violations() == [], "fields and parameters are only added, with a default; names and codes stay"


def test_no_release_took_away_what_the_one_before_promised() -> None:
    for older, newer in pairwise(releases()):
        assert violations_between(kept(older), kept(newer)) == [], f"{older} to {newer}"


@pytest.mark.parametrize("number", releases())
def test_every_release_keeps_its_whole_contract(number: str) -> None:
    assert all(kept(number).values())


@pytest.mark.parametrize("name", MAKERS)
def test_the_committed_snapshot_is_what_the_code_says(name: str) -> None:
    assert MAKERS[name]() == committed(name), f"if the change is meant: {COMMAND}"


def test_every_method_the_contracts_promise_is_there_with_its_arguments() -> None:
    methods = methods_snapshot()
    promised = list(documented_methods())
    assert len(promised) > 30
    for container, method, arguments in promised:
        assert method in methods[container], f"{container}.{method} is promised and missing"
        assert list(methods[container][method]["asks"]) == arguments, f"{container}.{method}"


def test_every_method_there_is_stands_in_the_contracts() -> None:
    promised = {(container, method) for container, method, _ in documented_methods()}
    there = {(container, method) for container, methods in methods_snapshot().items() for method in methods}
    assert there - promised == {(container, "ping") for container in CONTAINERS}


def test_services_listen_to_events_that_the_contracts_promise_and_to_no_others() -> None:
    promised = {exchange: names for exchange, names in promised_events().items() if names}
    assert topology_snapshot()["events"] == promised


def test_every_queue_of_work_has_a_place_for_what_it_rejects() -> None:
    queues = committed("topology")["queues"]
    work = [name for name in queues if name.startswith(("rpc-", "evt-"))]
    assert len(work) >= 20
    for name in work:
        arguments = queues[name][2]
        assert (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]) == (
            "banyan.dead",
            f"dead.{name}",
        )
        assert f"dead.{name}" in queues
