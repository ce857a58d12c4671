"""The funnel narrows from stage to stage, whatever the base looks like."""

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.campaigns.adapters.store import SqlStore
from shared.contracts.campaigns import FunnelStage
from shared.persistence import Database
from tests.integration.campaigns.base import a_candidate, a_contact, an_order, because, dropped, empty, fill

pytestmark = pytest.mark.servers
STAGES = get_args(FunnelStage)
_LOST = ("eligible", "after_lists", "after_conflicts", "after_limits")
_OUTCOMES = (None, "no_answer", "unreachable", "refused", "accepted", "later", "delivered")


def funnel(database: Database) -> dict[FunnelStage, int]:
    with SqlStore(database).read() as tx:
        return dict(tx.figures.funnel("a"))


@st.composite
def contacts(draw: st.DrawFn, number: int, phase: str) -> list[dict[str, Any]]:
    """Draw what happened to one member: nothing, attempts that were suppressed or failed, answers."""
    found = []
    for attempt in range(draw(st.integers(0, 3))):
        changes: dict[str, Any] = {"phase": phase, "attempt": attempt}
        changes["direction"] = draw(st.sampled_from(["outbound", "inbound"]))
        state = draw(st.sampled_from(["suppressed", "reserved", "failed", "sent"]))
        if state == "suppressed":
            changes |= {"reasons": because("cap"), "direction": "outbound"}
        if state != "sent":
            changes |= {"state": state, "contacted_at": None}
        else:
            changes["outcome"] = draw(st.sampled_from(_OUTCOMES))
        found.append(a_contact(f"{number}-{phase}-{attempt}", f"c{number}", **changes))
    return found


@st.composite
def bases(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {"candidate": [], "contact": [], "sales_order": []}
    for number in range(draw(st.integers(0, 6))):
        phase = draw(st.sampled_from(["p1", "p2"]))
        kind = draw(st.sampled_from(["control", "ready", *_LOST]))
        if kind == "control":
            rows["candidate"].append(a_candidate(f"c{number}", phase=phase, cell="control", state="control"))
            continue
        is_lost = kind in _LOST
        rows["candidate"].append(
            dropped(f"c{number}", kind, "rule", phase=phase) if is_lost else a_candidate(f"c{number}", phase=phase)
        )
        # Whoever fell out at the door is approached only on a visit.
        approached = draw(contacts(number, phase))
        if kind in ("eligible", "after_lists"):
            approached = [each for each in approached if each["direction"] == "inbound"]
        rows["contact"] += approached
        for each in approached:
            if each["outcome"] == "accepted":
                state = draw(st.sampled_from(["open", "fulfilled", "failed"]))
                rows["sales_order"].append(an_order(each["contact_id"], f"c{number}", phase=phase, state=state))
    return rows


@given(bases())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_stage_holds_at_most_as_many_as_the_one_before(base: Database, rows: dict[str, Any]) -> None:
    empty(base)
    fill(base, **rows)
    figures = funnel(base)
    counts = [figures[stage] for stage in STAGES]
    assert counts == sorted(counts, reverse=True), figures
    assert figures["audience"] == len(rows["candidate"])


def test_the_funnel_counts_each_stage(base: Database) -> None:
    fill(
        base,
        candidate=[
            a_candidate("k1", cell="control", state="control"),
            *(dropped(f"d{number}", stage, "rule") for number, stage in enumerate(_LOST)),
            *(a_candidate(f"c{number}") for number in range(5)),
            a_candidate("x1", "b"),
        ],
        contact=[
            a_contact("1", "c1", state="reserved", contacted_at=None),
            a_contact("2", "c2", outcome="no_answer"),
            a_contact("3", "c3", outcome="refused"),
            a_contact("4", "c4", outcome="accepted"),
            a_contact("5", "c4", outcome="no_answer", attempt=2),
            a_contact("6", "d3", state="suppressed", contacted_at=None, reasons=because("cap")),
        ],
        sales_order=[an_order("4", "c4", state="fulfilled")],
    )
    figures = funnel(base)
    assert [figures[stage] for stage in STAGES] == [10, 8, 7, 6, 4, 3, 2, 1, 1]


def test_whoever_was_approached_before_he_lost_to_a_newcomer_had_passed(base: Database) -> None:
    """A second step may still be waiting when another campaign opens and takes the subscriber over."""
    fill(
        base,
        candidate=[dropped("c1", "after_conflicts", "one-crbt", step=2)],
        contact=[a_contact("1", "c1", outcome="no_answer")],
    )
    figures = funnel(base)
    assert [figures[stage] for stage in STAGES] == [1, 1, 1, 1, 1, 1, 0, 0, 0]
