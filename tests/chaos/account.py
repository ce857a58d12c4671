"""What a run did, found and measured: rows for a table, and every breach in words."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

_MOST = 100


class Row(NamedTuple):
    """One thing that was done or measured."""

    stage: str
    what: str
    figure: str


@dataclass(slots=True)
class Account:
    """Gathers figures and breaches of all stages; a run is good when there is no breach."""

    seed: int
    rows: list[Row] = field(default_factory=list)
    breaches: list[tuple[str, str]] = field(default_factory=list)
    stage: str = "start"

    def note(self, what: str, figure: object) -> None:
        """Write a figure of the present stage down."""
        self.rows.append(Row(self.stage, what, str(figure)))

    def breach(self, what: str) -> None:
        """Write down that something is not as it must be."""
        self.breaches.append((self.stage, what))

    def require(self, holds: object, what: str) -> None:
        """Write a breach down unless it holds."""
        if not holds:
            self.breach(what)

    def table(self) -> Table:
        """Return everything measured, with the number of breaches per stage."""
        table = Table("stage", "what", "figure", title=f"chaos, seed {self.seed}")
        for row in self.rows:
            table.add_row(*row)
        for stage, count in sorted(Counter(stage for stage, _ in self.breaches).items()):
            table.add_row(stage, "BREACHES", str(count), style="bold red")
        return table

    def write(self, folder: Path) -> Path:
        """Write `account.txt` into the folder and return its path."""
        width = max((len(row.stage) for row in self.rows), default=0)
        lines = [f"seed {self.seed}: {len(self.breaches)} breaches", ""]
        lines += [f"{row.stage:{width}}  {row.what}: {row.figure}" for row in self.rows]
        lines += ["", *(f"BREACH in {stage}: {what}" for stage, what in self.breaches[:_MOST])]
        path = folder / "account.txt"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path
