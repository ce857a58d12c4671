"""The campaign of a walk: by visit only, for its own synthetic subscribers only, over with the walk."""

from datetime import date, timedelta
from typing import Any

WALKERS = 12
_DAY = timedelta(days=1)
OFFERING = "sandbox-walk"
PRODUCT = "crbt"
_MARK = "handset_brand"
"""The fact by which a walk's subscribers are told from all others."""


def campaign_of(run: str) -> str:
    """Return the id of a walk's campaign."""
    return f"sandbox-walk-{run}"


def offering() -> dict[str, Any]:
    """Return what is offered in a walk."""
    return {
        "offering_id": OFFERING,
        "name_zh": "沙箱演练彩铃",
        "name_en": "Sandbox walk tone",
        "product_class": "revenue",
        "category": "sandbox",
        "products": [PRODUCT],
        "scripts": [{"channel": "any", "zh": "沙箱演练，请勿对客户使用。", "en": "Sandbox walk; not for customers."}],
    }


def walkers(run: str) -> list[dict[str, Any]]:
    """Return the walk's subscribers, new ones for each run."""
    facts = {
        _MARK: _mark(run),
        "products": [],
        "city": "fuzhou",
        "real_name_verified": True,
        "in_arrears": False,
    }
    return [{"customer_id": f"SANDBOX-{run}-{number:02d}", "facts": facts} for number in range(1, WALKERS + 1)]


def plan(run: str, on: date) -> dict[str, Any]:
    """Return a campaign without a single outbound contact: nobody hears of it who does not come to the counter."""
    return {
        "campaign": campaign_of(run),
        "name_zh": "沙箱演练",
        "name_en": "Sandbox walk",
        "source": "banyan sandbox walk",
        "owner": "sandbox",
        "category": "sandbox",
        "goals": [{"kpi": "fulfilled", "target": 1, "name_zh": "走通一单", "name_en": "one order carried out"}],
        "phases": [
            {
                "phase": "walk",
                # A walk may last beyond midnight.
                "starts_on": (on - _DAY).isoformat(),
                "ends_on": (on + _DAY).isoformat(),
                "rule": {_MARK: {"equals": _mark(run)}},
            }
        ],
        "cells": [{"cell": "walk", "share": 0.9, "treatments": ["walk"]}, {"cell": "control", "share": 0.1}],
        "treatments": [{"treatment": "walk", "offering": OFFERING}],
        "converts": [PRODUCT],
        "approvals": ["sandbox"],
        "inbound": ["hall"],
    }


def _mark(run: str) -> str:
    return f"sandbox {run}"
