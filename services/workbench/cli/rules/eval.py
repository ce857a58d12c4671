"""`banyan rules eval`: facts judged by one rule file."""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
from click.core import ParameterSource

from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from services.workbench.rule_eval.evaluating import Outcome

EXECUTORS = ("reference", "durable", "sql", "all")
_ZONE = "Asia/Shanghai"
_JSON = json.JSONEncoder(ensure_ascii=False, default=float)


@click.command("eval")
@click.option(
    "--executor",
    type=click.Choice(EXECUTORS),
    default="reference",
    show_default=True,
    help="执行器 · Executor; `all` compares the three",
)
@click.option(
    "--rule",
    "rule_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="规则文件 · Rule file, standing anywhere",
)
@click.option(
    "--facts",
    type=click.File("rb"),
    required=True,
    help="每行一个 JSON 对象，金额以元计，- 为标准输入 · One JSON object a line, money in yuan; - is standard input",
)
@click.option(
    "--vocabulary",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="词汇表 · Vocabulary; else the nearest beside or above the rule file, else that of --rules",
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="判断日期，缺省今天 · Day of judgement of lines that name none; today",
)
@click.option("--database", help="SQL 用的 PostgreSQL 地址 · Database of `sql`; a private SQLite in memory without")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="`because` 的语言 · Language of `because`; both without")
@rules_folder_option
@click.pass_context
def evaluate(
    context: click.Context,
    executor: str,
    rule_file: Path,
    facts: IO[bytes],
    vocabulary: Path | None,
    on: datetime | None,
    database: str | None,
    lang: str | None,
    folder: Path,
) -> None:
    """对事实求值 · Judge facts by one rule file: one JSON verdict a line, in order.

    Exit code 1 when a line could not be judged or executors differ, 2 when the rule cannot be judged by that executor.
    """
    from services.workbench.rule_eval.evaluating import Evaluation, WrongExecutor, open_engine
    from services.workbench.rule_eval.rule_and_book import Sources

    is_given = context.get_parameter_source("folder") is ParameterSource.COMMANDLINE
    sources = Sources(rule_file, folder, folder if is_given else None, vocabulary)
    with open_engine(database) as engine:
        try:
            evaluation = Evaluation(sources, executor, engine)
        except WrongExecutor as wrong:
            raise click.UsageError(f"{wrong.code}: {wrong.message}") from wrong
        day = on.date() if on else datetime.now(ZoneInfo(_ZONE)).date()
        with _watched(facts) as stream:
            is_well = _print(evaluation.run(stream, day), lang)
    raise SystemExit(int(not is_well))


def _watched(facts: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    """Show how much of a file is read, to somebody who looks at a terminal and not at the verdicts themselves."""
    if sys.stdout.isatty() or not sys.stderr.isatty() or not facts.seekable():
        return nullcontext(facts)
    from rich.console import Console
    from rich.progress import wrap_file

    size = os.fstat(facts.fileno()).st_size
    return wrap_file(facts, size, description="facts", console=Console(stderr=True))  # type: ignore[arg-type]  # of bytes


def _print(outcomes: "Iterable[Outcome]", lang: str | None) -> bool:
    """Write each outcome as it comes; return whether all is well with all of them."""
    is_well = True
    for outcome in outcomes:
        sys.stdout.buffer.write(_line(outcome.told, lang))
        is_well &= outcome.is_well
    return is_well


def _line(told: dict[str, Any], lang: str | None) -> bytes:
    if lang is not None and "because" in told:
        told = {**told, "because": {lang: told["because"][lang]}}
    # What is no character (half of a surrogate pair in an id) goes out as the escape it came in as.
    return (_JSON.encode(told) + "\n").encode("utf-8", "backslashreplace")
