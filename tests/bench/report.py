"""What was measured, as a table for people and as JSON for comparisons."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Aim, Figure
from tests.support.postgres import Postgres

_COLOURS = {"stretch": "bold green", "aim": "green", "missed": "red", "": "none"}


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print a row per figure."""
    table = Table(title="Banyan beside its baselines, one run", title_justify="left", show_lines=True)
    for name in ("figure", "Banyan", "baseline", "ratio", "aim", "reached"):
        table.add_column(name, justify="right" if name == "ratio" else "left")
    for each in figures:
        colour = _COLOURS[each.reached]
        table.add_row(
            each.name,
            f"{_number(each.value)} {each.unit}",
            f"{_number(each.baseline_value)} {each.unit}: {each.baseline}",
            f"{each.ratio:.3g}",
            _wanted(each.aim, each.unit),
            f"[{colour}]{each.reached}[/{colour}]",
        )
    console.print(table)


def write(path: Path, figures: Sequence[Figure], details: Mapping[str, Any], surroundings: Mapping[str, Any]) -> None:
    """Write figures, what lies behind them and where they were measured."""
    told = [{**asdict(each), "ratio": each.ratio, "reached": each.reached} for each in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"surroundings": surroundings, "figures": told, "details": details}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")


def surroundings(postgres: Postgres | None) -> dict[str, Any]:
    """Return what a figure depends on beside the code: machine, versions, durability of the database."""
    found: dict[str, Any] = {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    if postgres is not None:
        with psycopg.connect(postgres.url) as connection:
            found["postgresql"] = {
                name: connection.execute(f"SHOW {name}".encode()).fetchone()[0]  # type: ignore[index]  # SHOW has a row
                for name in ("server_version", "fsync", "full_page_writes", "shared_buffers", "work_mem")
            }
        found["postgresql"]["synchronous_commit"] = "on, set for the databases measured"
    return found


def _wanted(aim: Aim | None, unit: str) -> str:
    if aim is None:
        return ""
    sign = "≥" if aim.wanted == "at least" else "≤"
    stretch = "" if aim.stretch is None else f", stretch {_number(aim.stretch)}"
    return f"{sign} {_number(aim.aim)}{stretch}" + (f" {unit}" if aim.judged == "value" else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
