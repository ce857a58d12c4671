"""The profiles: figures of every replica reach Prometheus; the sandbox lets an integration be walked through."""

import json

import httpx
import yaml

from services.workbench.registry import SERVICES
from tests.compose.account import Account
from tests.compose.building import ROOT
from tests.compose.campaign import MOMENTS
from tests.compose.stack import Stack, wait_until

_PROMETHEUS = "http://127.0.0.1:9090"
_SANDBOX = "http://sandbox:8070"
_GRAFANA = ROOT / "docker" / "grafana"
_SCRAPED_WITHIN = 90


def check_observability(account: Account, stack: Stack, replicas: int) -> None:
    """Require that Prometheus takes our configuration and reads every replica and the broker.

    Grafana's image cannot be had without a registry: its files are only read.
    """
    stack.up("prometheus")
    for command in (("config", "/etc/prometheus/prometheus.yml"), ("rules", "/etc/prometheus/alerts.yml")):
        told = stack.compose("exec", "-T", "prometheus", "promtool", "check", *command)
        account.require("SUCCESS" in told, f"promtool accepts the {command[0]}", told.strip().splitlines()[-1])
    wanted = len(SERVICES) - 1 + replicas

    def is_read() -> bool:
        return _up() >= wanted + 1

    seconds = wait_until(is_read, _SCRAPED_WITHIN, lambda: f"{_up()} targets of {wanted + 1} are read")
    account.require(
        holds=True, what="Prometheus reads every replica and the broker", figure=f"{_up()} after {seconds:.0f} s"
    )
    for name in ("banyan_", "rabbitmq_"):
        count = len([one for one in _names() if one.startswith(name)])
        account.require(count > 0, f"series named {name}…", count)
    dashboards = sorted((_GRAFANA / "dashboards").glob("*.json"))
    panels = sum(len(json.loads(path.read_text("utf-8"))["panels"]) for path in dashboards)
    files = sorted((_GRAFANA / "provisioning").rglob("*.yaml")) + sorted((_GRAFANA / "provisioning").rglob("*.yml"))
    sound = all(isinstance(yaml.safe_load(path.read_text("utf-8")), dict) for path in files)
    account.require(
        panels and files and sound,
        "Grafana's files are well-formed (not run: no image)",
        f"{len(dashboards)} dashboards, {panels} panels",
    )


def check_sandbox(account: Account, stack: Stack) -> None:
    """Require that the sandbox is healthy, and that its own walk through an integration ends well."""
    stack.move_clock(MOMENTS[-1])  # the walk needs a working hour
    here = {"BANYAN_CRM_URL": f"{_SANDBOX}/crm", "BANYAN_ISMP_URL": f"{_SANDBOX}/ismp"}
    with stack.told(BANYAN_FULFILMENT="http", **here):
        stack.up("sandbox", "campaigns")
    health = httpx.get("http://127.0.0.1:8070/health", timeout=10, trust_env=False)
    account.require(health.is_success, "the sandbox answers", health.text.strip())
    walk = ("sandbox", "walk", "--on", MOMENTS[-1].date().isoformat(), "--patience", "180", "--json")
    told = stack.compose("run", "--rm", "-T", "operator", *walk)
    account.require(holds=True, what="`banyan sandbox walk` ends well", figure=f"{len(told.splitlines())} lines")


def _up() -> int:
    result = _ask("/api/v1/query", query="sum(up)")["result"]
    return int(result[0]["value"][1]) if result else 0


def _names() -> list[str]:
    return list(_ask("/api/v1/label/__name__/values"))


def _ask(path: str, **parameters: str):  # noqa: ANN202 - JSON of Prometheus
    answer = httpx.get(_PROMETHEUS + path, params=parameters, timeout=10, trust_env=False)
    return answer.raise_for_status().json()["data"]
