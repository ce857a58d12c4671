"""What was tried, whether it held, and what was measured; one row each."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One thing that was tried."""

    stage: str
    what: str
    holds: bool
    figure: str


@dataclass(slots=True)
class Account:
    """Gathers rows; a run is good when all hold."""

    console: Console
    rows: list[Row] = field(default_factory=list)
    stage: str = ""
    begun: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Tell at once what goes on."""
        self.console.print(f"{time.monotonic() - self.begun:7.1f} s  {line}", markup=False)

    def require(self, holds: object, what: str, figure: object = "") -> None:
        """Note whether something is as it must be."""
        self.rows.append(Row(self.stage, what, bool(holds), str(figure)))
        if not holds:
            self.say(f"NOT SO: {what}: {figure}")

    @contextmanager
    def trying(self, stage: str) -> Iterator[None]:
        """Name the stage and take its time; a stage that breaks off does not hold."""
        self.stage = stage
        self.say(stage)
        begun = time.monotonic()
        try:
            yield
        except Exception as fault:  # noqa: BLE001 - whatever broke it off: the next stages may still tell something
            self.require(holds=False, what="the stage came to its end", figure=f"{type(fault).__name__}: {fault}")
        else:
            self.require(holds=True, what="the stage came to its end", figure=f"{time.monotonic() - begun:.0f} s")

    @property
    def is_good(self) -> bool:
        """Whether everything held."""
        return bool(self.rows) and all(row.holds for row in self.rows)

    def print(self) -> None:
        """Print the table and the verdict."""
        table = Table("stage", "", "what", "figure")
        for row in self.rows:
            table.add_row(row.stage, "✗✓"[row.holds], row.what, row.figure[:2_000])
        self.console.print(table)
        failed = sum(not row.holds for row in self.rows)
        seconds = time.monotonic() - self.begun
        self.console.print(f"{len(self.rows) - failed} of {len(self.rows)} held; {seconds:.0f} s", markup=False)
