"""Where integrators' events may be parked, as the command line finds it without the broker's management."""

from pathlib import Path

import pytest

from services.workbench.broker.integrators import FaultyIntegrators, queues_named_in
from services.workbench.cli import bus_queues
from services.workbench.cli.bus_queues import parked
from shared.messaging.queue_depths import QueueDepth
from shared.messaging.settings import BusSettings


def test_queues_are_read_and_nonsense_beside_them_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "integrators.yaml"
    path.write_text("crm:\n  queues:\n    crm.events: []\n    crm.more: []\nboss:\nodd: 1\nodder:\n  queues: 2\n")
    assert queues_named_in(path) == ["crm.events", "crm.more"]
    assert queues_named_in(tmp_path / "not there") == []


def test_a_file_that_is_no_list_of_integrators_is_told(tmp_path: Path) -> None:
    path = tmp_path / "integrators.yaml"
    path.write_text("- crm\n")
    with pytest.raises(FaultyIntegrators):
        queues_named_in(path)


def test_what_integrators_refused_is_told_beside_what_services_parked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "integrators.yaml").write_text("crm:\n  queues:\n    crm.events: []\n")
    monkeypatch.setenv("BANYAN_INTEGRATORS", str(tmp_path / "integrators.yaml"))

    def full(_settings: BusSettings, names: list[str]) -> list[QueueDepth]:
        return [QueueDepth(name=name, messages=2, consumers=0) for name in names]

    monkeypatch.setattr(bus_queues, "depths_over_amqp", full)
    told = parked(BusSettings(), None)
    assert told["crm.events"] == told["rpc-governance"] == 2
