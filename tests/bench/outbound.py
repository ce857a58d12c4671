"""A whole outbound run, from frozen audiences to orders in channels, beside hand-written SQL of the same selection."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from rich.progress import Progress

from services.workbench import province
from tests.bench.figures import Aim, Figure, median, rate
from tests.bench.hand_written import HandWritten, Selected
from tests.bench.town import MORNING, SEED, Town, read_yaml, rules_copy, town
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

BASELINE = "hand-written SQL"
CAMPAIGNS = ("crbt-reactivation", "crbt-win-back", "crbt-potential", "stock-trading", "mo-upgrade", "call-assistant")
FULL, QUICK = 100_000, 10_000
"""Subscribers."""

_RUN_SECONDS = 1_800.0
_PLENTY = 1_000_000_000
_BASELINE_RUNS = 3  # before and after, so that a drift of the machine shows
_GLANCE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    stages: dict[str, float]
    report: dict[str, int]


def measure(postgres: Postgres, broker: RabbitMQ, progress: Progress, size: int) -> tuple[list[Figure], dict[str, Any]]:
    """Return subscribers a second of both; raises RuntimeError when they do not select the same subscribers."""
    with TemporaryDirectory(prefix="banyan-bench-rules-") as folder:
        rules = rules_copy(Path(folder), _without_scarcity)
        with town(postgres, broker, progress, {"BANYAN_RULES_DIR": str(rules)}) as place:
            place.load(size)
            place.launch(msgspec.to_builtins([read_yaml(rules / f"campaigns/{name}/plan.yaml") for name in CAMPAIGNS]))
            hand = HandWritten(place.database_url("customer_view"), _listed(size))
            try:
                return _measure(place, hand, rules, progress, size)
            finally:
                hand.close()


def _measure(
    place: Town, hand: HandWritten, rules: Path, progress: Progress, size: int
) -> tuple[list[Figure], dict[str, Any]]:
    task = progress.add_task("hand-written SQL, whole pipeline, hand-written SQL", total=2 * _BASELINE_RUNS + 1)
    baseline = []
    for _ in range(_BASELINE_RUNS):
        baseline.append(hand.run(MORNING))
        progress.advance(task)
    run = _run(place)
    progress.advance(task)
    for _ in range(_BASELINE_RUNS):
        baseline.append(hand.run(MORNING))
        progress.advance(task)
    chosen, by_hand = _selected(place, rules), hand.select()
    if chosen != by_hand:
        raise RuntimeError(f"not the same selection: {chosen} by Banyan, {by_hand} by hand")
    contacts = _contacts(place, run)
    by_hand_rate = median([rate(size, seconds) for seconds, _ in baseline])
    figure = Figure(
        f"outbound, {size:,} x {len(CAMPAIGNS)} campaigns",
        "subscribers/s",
        rate(size, run.seconds),
        BASELINE,
        by_hand_rate,
        Aim("at least", 5_000, 20_000, judged="value"),
    )
    return [figure], {
        "subscribers": size,
        "seconds": run.seconds,
        "stages_seconds": run.stages,
        "report": run.report,
        "contacts_dispatched": contacts,
        "hand_written_seconds": [seconds for seconds, _ in baseline],
        "hand_written_contacts": baseline[0][1],
        "selected": {name: {"audience": one.audience, "eligible": one.eligible} for name, one in chosen.items()},
    }


def _run(place: Town) -> _Run:
    with _watch(place) as stages:
        began = time.perf_counter()
        report = place.client.call("campaigns_bulk", "run_due", timeout=_RUN_SECONDS, until=MORNING.isoformat())
        ended = time.perf_counter()
    marks = [began, *stages, ended]
    names = ("freeze audiences", "judge: cells, eligibility, lists, conflicts", "reserve and dispatch")
    return _Run(
        ended - began,
        {name: until - since for name, since, until in zip(names, marks, marks[1:], strict=False)},
        report,
    )


@contextmanager
def _watch(place: Town) -> Iterator[list[float]]:
    """Note when all audiences are frozen and when all are judged, by looking at the phases now and then."""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        for state in ("waiting", "opening"):
            begun = f"phase WHERE state = '{state}' AND starts_at <= {int(MORNING.timestamp() * 1_000_000)}"
            while place.count("campaigns", begun):
                if over.wait(_GLANCE_SECONDS):
                    return
            seen.append(time.perf_counter())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _contacts(place: Town, run: _Run) -> int:
    """Return how many contacts were made; raises RuntimeError unless all services agree and none is left over."""
    counts = {
        "campaigns says": run.report["dispatched"],
        "campaigns": place.count("campaigns", "contact WHERE state = 'dispatched'"),
        "governance": place.count("governance", "contact WHERE state = 'reserved'"),
        "channels": place.count("channels", "dispatch_order"),
    }
    if len(set(counts.values())) != 1 or not counts["channels"]:
        raise RuntimeError(f"the services do not agree on the contacts made: {counts}")
    return counts["channels"]


def _selected(place: Town, rules: Path) -> dict[str, Selected]:
    """Read from customer_view's audiences how many each campaign's rules selected, whatever cell they came into."""
    offerings = {one["offering_id"]: one for path in rules.glob("catalogue/*.yaml") for one in read_yaml(path)}
    frozen = "SELECT audience_id, campaign_id FROM phase WHERE audience_id IS NOT NULL"
    campaign_of = {audience_id: str(name) for audience_id, name in place.deployment.query("campaigns", frozen)}
    checks = {
        audience_id: msgspec.json.decode(str(query))["checks"]
        for audience_id, query in place.deployment.query("customer_view", "SELECT audience_id, query FROM audience")
    }
    wanted = {
        name: [
            set(offerings[treatment["offering"]]["eligibility"])
            for treatment in read_yaml(rules / f"campaigns/{name}/plan.yaml")["treatments"]
        ]
        for name in CAMPAIGNS
    }
    audience, eligible = dict.fromkeys(CAMPAIGNS, 0), dict.fromkeys(CAMPAIGNS, 0)
    grouped = "SELECT audience_id, failed, count(*) FROM audience_member GROUP BY audience_id, failed"
    for audience_id, failed, number in place.deployment.query("customer_view", grouped):
        name = campaign_of[audience_id]
        failures = {checks[audience_id][int(place)] for place in str(failed).split(",") if place}
        audience[name] += int(str(number))
        if any(rules_of.isdisjoint(failures) for rules_of in wanted[name]):
            eligible[name] += int(str(number))
    return {name: Selected(audience[name], eligible[name]) for name in CAMPAIGNS}


def _without_scarcity(kind: str, document: Any) -> Any:
    """Lift what keeps a rehearsal of 20,000 subscribers to what its few agents manage: capacities, paces, budgets."""
    if kind == "contact_policy" and document["kind"] == "capacity":
        return {**document, "limit": _PLENTY}
    if kind == "campaigns":
        return {**document, "pace": {}, "budget_fen": None}
    return document


def _listed(size: int) -> Iterator[tuple[str, str, str | None]]:
    for name, entry in province.lists(SEED, size):
        if name == "red":  # bound to the channels that the rule names
            yield from ((entry.customer_id, name, channel) for channel in ("sms", "outbound_call", "web"))
        else:
            yield entry.customer_id, name, entry.channel
