"""The roll call on an embedded bus, and the page of figures."""

import gc
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import eventlet
import eventlet.tpool
import pytest

from shared.kernel.environment import FaultySettings
from shared.kernel.faults import Unavailable
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.entrypoints import Pingable
from shared.messaging.health import Health
from shared.messaging.metrics_endpoint import MetricsEndpoint
from shared.messaging.settings import BusSettings
from shared.observability.metrics import counter
from shared.observability.rules_in_force import open_rules, rules_state
from shared.rulekit.in_force.rule_source import RuleSource
from tests.unit.rulekit.rule_folders import make_folder, put_rule


class Judge(Pingable):
    name = "judge"


class JudgeBulk(Pingable):
    name = "judge_bulk"


class Bystander(Pingable):
    name = "bystander"


@pytest.fixture
def bus() -> Iterator[EmbeddedBus]:
    with EmbeddedBus([Judge, JudgeBulk, Bystander]) as running:
        yield running


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[RuleSource]:
    make_folder(tmp_path / "rules")
    put_rule(tmp_path / "rules", "segments", "one", "when: {age: 1}\n")
    source = open_rules(tmp_path / "rules", tmp_path / "rule_sets", "judge")
    yield source
    del source
    gc.collect()


def test_every_container_tells_who_it_is_and_which_rule_set_it_runs(bus: EmbeddedBus, rules: RuleSource) -> None:
    present = bus.roll_call()
    version = rules.current().version
    assert [(one.container, one.reads_rules, one.rule_set) for one in present] == [
        ("bystander", False, None),
        ("judge", True, version),
        ("judge_bulk", True, version),
    ]
    assert len({one.instance for one in present}) == 3
    assert len({one.pid for one in present}) == 1
    assert bus.caller.call("judge", "ping", {}, Health).rule_set == version


def test_a_container_under_faulty_rules_tells_where_the_fault_is(
    bus: EmbeddedBus, rules: RuleSource, tmp_path: Path
) -> None:
    before = rules.current().version
    put_rule(tmp_path / "rules", "segments", "one", "when: {aged: 1}\n")
    for _ in range(300):
        if rules.faults:
            break
        eventlet.sleep(0.1)
    judge = next(one for one in bus.roll_call() if one.container == "judge")
    assert (judge.rule_set, judge.fault_count) == (before, 1)
    assert "segments/one/rule.yaml:4:8: unknown_fact" in judge.faults[0]


def test_the_roll_can_be_called_again_and_again(bus: EmbeddedBus) -> None:
    assert [len(bus.roll_call()) for _ in range(3)] == [3, 3, 3]
    bus.settle()


def test_services_that_read_one_folder_share_one_reader(tmp_path: Path) -> None:
    make_folder(tmp_path / "rules")
    first = open_rules(tmp_path / "rules", None, "first")
    assert open_rules(tmp_path / "rules", None, "second") is first
    assert open_rules(tmp_path / "rules", tmp_path / "sets", "third") is not first


def test_a_reader_that_nobody_holds_any_more_is_gone(tmp_path: Path) -> None:
    make_folder(tmp_path / "rules")
    source = open_rules(tmp_path / "rules", None, "passing")
    assert rules_state("passing") is not None
    del source
    gc.collect()
    for _ in range(100):  # its thread holds it for the moment it looks
        if rules_state("passing") is None:
            break
        eventlet.sleep(0.1)
    assert rules_state("passing") is None


def test_the_page_shows_the_figures_until_it_is_stopped() -> None:
    counter("banyan_test_page", "Seen on the page").inc()
    endpoint = MetricsEndpoint("127.0.0.1", 0)
    page = eventlet.tpool.execute(_get, endpoint.address[1], "/metrics")
    assert "banyan_test_page_total 1.0" in page
    with pytest.raises(Unavailable, match="BANYAN_METRICS_PORT"):
        MetricsEndpoint(*endpoint.address)
    endpoint.stop()
    with pytest.raises(OSError, match="refused"):
        eventlet.tpool.execute(_get, endpoint.address[1], "/metrics")


def _get(port: int, path: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as page:
        return str(page.read().decode())


def test_a_faulty_port_is_told_with_the_other_faults() -> None:
    assert BusSettings.from_environment({"BANYAN_METRICS_PORT": "0"}).metrics_port == 0
    assert BusSettings.from_environment({}).metrics_port is None
    with pytest.raises(FaultySettings, match="BANYAN_METRICS_PORT must be a port"):
        BusSettings.from_environment({"BANYAN_METRICS_PORT": "70000"})
