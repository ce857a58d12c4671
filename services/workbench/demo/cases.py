"""Campaign cases from `rules/campaigns/`: read, draft, submit, approve level by level, launch."""

from pathlib import Path

import msgspec
import yaml

from services.catalogue.adapters import offering_files
from services.workbench.demo.intake import TIMEOUT
from shared.contracts.campaigns import CampaignStatus
from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.kernel.faults import InvalidRequest
from shared.messaging.calling import RpcCaller

_APPROVER = "demo"


def read_offerings(rules: Path) -> list[Offering]:
    """Read `catalogue/*.yaml`; raises InvalidRequest naming file, line and field of the first fault."""
    files = offering_files.read_offerings(rules / "catalogue")
    if files.faults:
        raise InvalidRequest(str(files.faults[0]), details={"faults": [str(fault) for fault in files.faults]})
    return list(files.offerings)


def read_plans(rules: Path) -> list[Plan]:
    """Read every `campaigns/<id>/plan.yaml`; a fault names the file and the field."""
    return [read_plan(path) for path in sorted((rules / "campaigns").glob("*/plan.yaml"))]


def read_plan(path: Path) -> Plan:
    """Read one plan; raises InvalidRequest with the file and the field, or the line of a YAML fault."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Plan)
    except (msgspec.ValidationError, yaml.YAMLError) as fault:
        message = f"{path}: {fault}"
        raise InvalidRequest(message, details={"file": str(path)}) from fault


def launch(caller: RpcCaller, plan: Plan) -> CampaignStatus:
    """Take one case from draft to live, through every level of approval it asks for."""
    status = _ask(caller, "draft", plan=msgspec.to_builtins(plan))
    status = _ask(caller, "submit", campaign_id=plan.campaign)
    while status.awaiting_level is not None:
        level = status.awaiting_level
        status = _ask(caller, "approve", campaign_id=plan.campaign, level=level, approver=_APPROVER)
    return _ask(caller, "launch", campaign_id=plan.campaign)


def _ask(caller: RpcCaller, method: str, **arguments: object) -> CampaignStatus:
    return caller.call("campaigns", method, arguments, CampaignStatus, TIMEOUT)
