"""The contact policies of a torture run, written so that limits are reached all the time.

Each rule is written as JSON, which is YAML, so that the checker reads the very files that governance reads.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.torture.plan import Plan

_MARKETING = {"directions": ["outbound"], "purposes": ["marketing"]}
_VOCABULARY = Path(__file__).parents[2] / "rules" / "vocabulary.yaml"


def write_rules(folder: Path, plan: Plan) -> Path:
    """Write a rule folder with these policies and no others."""
    folder.mkdir(parents=True)
    (folder / "vocabulary.yaml").write_bytes(_VOCABULARY.read_bytes())
    for name, body in policies(plan).items():
        place = folder / "contact_policy" / name
        place.mkdir(parents=True)
        (place / "rule.yaml").write_text(_text(name, body, 1), "utf-8")
        (place / "cases.yaml").write_text("[]\n", "ascii")
    return folder


def reword(folder: Path, plan: Plan, edition: int) -> None:
    """Publish the capacity policies anew: the same limits in other words, so that all counters are counted anew."""
    for name, body in policies(plan).items():
        if body["kind"] == "capacity":
            path = folder / "contact_policy" / name / "rule.yaml"
            partial = path.with_suffix(".partial")
            partial.write_text(_text(name, body, edition), "utf-8")
            partial.replace(path)


def policies(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    """Return the policies by id, without what all have in common."""
    cap, capacity = {"kind": "frequency_cap"}, {"kind": "capacity", "zone": "Asia/Shanghai"}
    return {
        "week-rolling": {
            **cap, "applies_to": _MARKETING, "per": "customer", "limit": 4, "window": {"rolling": "7d"},
        },
        "sms-rolling": {
            **cap, "applies_to": {"channels": ["sms"]}, "per": "customer_channel", "limit": 2,
            "window": {"rolling": "5d"},
        },
        "category-rolling": {
            **cap, "applies_to": _MARKETING, "per": "customer_category", "limit": 3, "window": {"rolling": "10d"},
        },
        "spacing": {"kind": "spacing", "applies_to": _MARKETING, "per": "customer", "at_least": "5h"},
        "day": {**cap, "per": "customer", "limit": 2, "window": {"calendar": "day"}},
        "week": {**cap, "per": "customer", "limit": 6, "window": {"calendar": "week"}},
        "calls-an-hour": {
            **capacity, "applies_to": {"channels": ["outbound_call"]}, "limit": plan.calls_an_hour,
            "window": {"calendar": "hour"},
        },
        "halls-a-day": {
            **capacity, "applies_to": {"channels": ["hall"]}, "limit": plan.halls_a_day, "window": {"calendar": "day"},
        },
        "opt-out": {"kind": "list_effect", "list": "opt_out"},
    }  # fmt: skip


def _text(name: str, body: Mapping[str, Any], edition: int) -> str:
    words = {"zh": f"{name}，第{edition}版", "en": f"{name}, edition {edition}"}
    return json.dumps({"id": name, "owner": "torture", "because": words, **body}, ensure_ascii=False) + "\n"
