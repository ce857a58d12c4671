"""Give a new Banyan something to recommend: twelve invented subscribers, one offering, one campaign at the counter.

    v/bin/python docs/examples/trial_campaign.py amqp://USER:PASSWORD@HOST:5672/VHOST [DAY]

For trying out: it needs the operator's user, since integrators launch no campaigns. Prints the id of a subscriber for
whom there is an offer. DAY (2026-03-02) is needed only where the services' clock is steered. Nobody is contacted: the
campaign is for those who come by themselves, and only for these subscribers.
"""

import sys
import time
import uuid
from datetime import date, datetime, timedelta, timezone
from typing import Any

from banyan_client import BanyanClient, BanyanError
from banyan_client.messages import FactValue, Offering

PATIENCE = 60
FUZHOU = timezone(timedelta(hours=8))


def offering() -> Offering:
    """Return what is offered."""
    return {
        "offering_id": "trial-tone",
        "name_zh": "彩铃体验",
        "name_en": "Caller tone trial",
        "product_class": "revenue",
        "category": "trial",
        "products": ["crbt"],
        "scripts": [{"channel": "hall", "zh": "彩铃首月免费，要试试吗？", "en": "The first month is free. Try it?"}],
    }


def plan(mark: str, day: date) -> dict[str, Any]:
    """Return the campaign: for subscribers whose handset brand is the mark, at the counter, for three days."""
    phase = {
        "phase": "trial",
        "starts_on": (day - timedelta(days=1)).isoformat(),
        "ends_on": (day + timedelta(days=1)).isoformat(),
        "rule": {"handset_brand": {"equals": mark}},
    }
    return {
        "campaign": f"trial-{mark}",
        "name_zh": "联调体验",
        "name_en": "Trial of an integration",
        "source": "docs/examples/trial_campaign.py",
        "owner": "integration",
        "category": "trial",
        "goals": [{"kpi": "accepted", "target": 1, "name_zh": "有人接受", "name_en": "somebody accepts"}],
        "phases": [phase],
        "cells": [{"cell": "trial", "share": 0.9, "treatments": ["trial"]}, {"cell": "control", "share": 0.1}],
        "treatments": [{"treatment": "trial", "offering": "trial-tone"}],
        "converts": ["crbt"],
        "approvals": ["trial"],
        "inbound": ["hall"],
    }


def launch(banyan: BanyanClient, mark: str, day: date) -> None:
    """Draft, submit, approve and launch; a plan is refused until campaigns has heard of its offering."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            status = banyan.campaigns.draft(plan=plan(mark, day), retries=2)
        except BanyanError as fault:
            if fault.code != "unknown_offering" or time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            break
    campaign_id = status["campaign_id"]
    banyan.campaigns.submit(campaign_id=campaign_id)
    banyan.campaigns.approve(campaign_id=campaign_id, level="trial", approver="integrator")
    banyan.campaigns.launch(campaign_id=campaign_id)


def first_with_an_offer(banyan: BanyanClient, customer_ids: list[str]) -> str:
    """Ask until one of them has an offer: one in ten is control and has none, and the campaign needs a moment."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            banyan.campaigns_bulk.run_due(timeout=PATIENCE)  # what a timer does anyway, every minute
            for customer_id in customer_ids:
                advice = banyan.campaigns.recommend(
                    customer_id=customer_id, channel="hall", context={"request_id": f"trial-{uuid.uuid4()}"}
                )
                if advice["offers"]:
                    return customer_id
        except BanyanError as fault:
            if fault.code not in {"unavailable", "not_found", "unknown_customer"}:
                raise
        time.sleep(0.5)
    sys.exit("nobody got an offer: `banyan status` says how the services are")


def main(url: str, day: str = "") -> None:
    """Make everything and name a subscriber to begin with."""
    mark = uuid.uuid4().hex[:8]
    facts: dict[str, FactValue] = {"handset_brand": mark, "products": [], "city": "fuzhou"}
    facts |= {"real_name_verified": True, "in_arrears": False}
    customer_ids = [f"TRIAL-{mark}-{number:02d}" for number in range(1, 13)]
    with BanyanClient(url, name="trial campaign") as banyan:
        kept = banyan.customer_view_bulk.upsert_customers(
            customers=[{"customer_id": one, "facts": facts} for one in customer_ids], retries=2
        )
        banyan.catalogue_bulk.upsert_offerings(offerings=[offering()], retries=2)
        if kept["faults"]:
            sys.exit(f"{kept['faults'][0]['field']}: {kept['faults'][0]['message']}")
        launch(banyan, mark, date.fromisoformat(day) if day else datetime.now(FUZHOU).date())
        print(first_with_an_offer(banyan, customer_ids))  # noqa: T201 - a program to be read and run by hand


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BanyanError as fault:
        sys.exit(str(fault))
