"""Alerts, dashboards and the page about them speak of figures that exist."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from shared.observability.metrics import exposition

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "docker" / "prometheus" / "alerts.yml"
DASHBOARDS = sorted((ROOT / "docker" / "grafana" / "dashboards").glob("*.json"))
PAGE = ROOT / "docs" / "observability.md"
_USES = "from shared.observability.metrics import"
_FIGURE = re.compile(r"\b(?:banyan|rabbitmq|process)_[a-z_]+\b")
_QUOTED = re.compile(r'"[^"]*"')
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_ANCHOR = re.compile(r"[^\w\- ]")

BROKERS = {
    *("rabbitmq_detailed_queue_messages", "rabbitmq_detailed_queue_messages_ready"),
    *("rabbitmq_detailed_queue_messages_unacked", "rabbitmq_detailed_queue_consumers"),
    *("rabbitmq_alarms_memory_used_watermark", "rabbitmq_alarms_free_disk_space_watermark"),
    *("rabbitmq_connections", "rabbitmq_consumers", "rabbitmq_queues"),
    *("rabbitmq_process_resident_memory_bytes", "rabbitmq_resident_memory_limit_bytes"),
    *("rabbitmq_disk_space_available_bytes", "rabbitmq_disk_space_available_limit_bytes"),
}
"""What RabbitMQ's own plugin serves of which we speak; read off a node of 3.10."""


def registered() -> dict[str, str]:
    """Return every figure the code registers and its type, by importing all that registers any."""
    for folder in ("shared", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if _USES in path.read_text("utf-8"):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return dict(_TYPE.findall(exposition().decode()))


def series() -> set[str]:
    """Return the names under which figures can be asked for."""
    names = set(BROKERS)
    for name, kind in registered().items():
        names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return names


def alerts() -> list[dict[str, object]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in alerts():
        yield str(rule["alert"]), str(rule["expr"])
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


def test_there_are_alerts_and_dashboards() -> None:
    assert len(alerts()) > 20
    assert [path.stem for path in DASHBOARDS] == [
        "banyan-bus",
        "banyan-campaigns",
        "banyan-governance",
        "banyan-overview",
    ]


def test_every_figure_asked_for_is_one_that_is_told() -> None:
    known = series()
    wrong = {
        f"{where}: {name}"
        for where, asked in expressions()
        for name in _FIGURE.findall(_QUOTED.sub("", asked))
        if name not in known
    }
    assert wrong == set()


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_in_two_languages_what_is_wrong_and_where_to_read_on(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    zh, en = rule["annotations"]["summary"].split(" / ")
    assert re.search("[\u4e00-\u9fff]", zh)
    assert not re.search("[\u4e00-\u9fff]", en)
    page, anchor = rule["annotations"]["runbook"].split("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert anchor in {_ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_tells_of_every_figure_and_every_alert() -> None:
    page = PAGE.read_text("utf-8")
    ours = {name for name in registered() if name.startswith("banyan_") and not name.startswith("banyan_test_")}
    assert sorted(name for name in ours if f"`{name}`" not in page) == []
    assert sorted(str(rule["alert"]) for rule in alerts() if f"`{rule['alert']}`" not in page) == []
