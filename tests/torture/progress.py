"""How far a run has come: a bar on a terminal, a line for each blow everywhere else; all on standard error."""

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from tests.torture.plan import Plan


class Progress:
    """What a person sees while it runs."""

    def __init__(self, plan: Plan) -> None:
        self._began = time.monotonic()
        self._console = Console(stderr=True, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[blows]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        name = "naive" if plan.is_naive else "torture"
        self._task = self._bar.add_task(name, total=plan.requests, blows="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def show(self, answered: int, dealt: Counter[str]) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=answered, blows=f"{dealt.total()} blows")

    def say(self, line: str) -> None:
        """Write a line."""
        self._console.print(f"{time.monotonic() - self._began:6.1f} s  {line}", soft_wrap=True)
