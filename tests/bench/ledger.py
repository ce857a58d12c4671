"""The ledger of contacts: `governance.reserve` beside hand-written SQL and a bare RPC, and as the ledger grows."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from tests.bench.figures import Figure
from tests.bench.ledger_base import NOW, Ledger, copy_of, empty_ledger, write_policies
from tests.bench.ledger_batch import BatchSize, beside_hand_written
from tests.bench.ledger_growth import Growth, GrowthSize
from tests.bench.ledger_rpc import RpcSize, beside_echo
from tests.bench.ledger_writers import WriterSize, side_by_side
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows the ledger has, step by step; at `compared` of them it is compared with hand-written SQL."""

    rows: tuple[int, ...]
    compared: int
    batch: BatchSize
    writers: WriterSize
    growth: GrowthSize
    rpc: RpcSize


FULL = Size(
    rows=(1_000_000, 2_000_000, 4_000_000, 8_000_000),
    compared=2_000_000,
    batch=BatchSize(requests=5_000, rounds=9),
    writers=WriterSize(requests=5_000, batches=4),
    growth=GrowthSize(requests=2_000, batches=9, singles=200),
    rpc=RpcSize(rounds=5, alone=150, together=600),
)
QUICK = Size(
    rows=(20_000, 40_000),
    compared=40_000,
    batch=BatchSize(requests=500, rounds=2),
    writers=WriterSize(requests=250, batches=2),
    growth=GrowthSize(requests=250, batches=2, singles=10),
    rpc=RpcSize(rounds=2, alone=20, together=100),
)


def measure(
    postgres: Postgres, broker: RabbitMQ, progress: Progress, size: Size
) -> tuple[list[Figure], dict[str, Any]]:
    """Return all figures; raises RuntimeError when Banyan and the hand-written SQL do not permit the same contacts."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-ledger-") as folder:
        rules = write_policies(Path(folder) / "rules")
        deployment = Deployment(
            postgres,
            broker,
            Path(folder),
            now=NOW,
            processes=(("governance",),),
            settings={"BANYAN_RULES_DIR": str(rules)},
        )
        with ExitStack() as opening:
            opening.callback(deployment.close)
            url = deployment.environment["BANYAN_DATABASE_URL"].replace("{service}", "governance")
            ledger = empty_ledger(url)
            figures, details = _in_process(postgres, ledger, rules, progress, size)
            opening.pop_all()
        with deployment:
            found, details["rpc"] = beside_echo(deployment.amqp_url, ledger, progress, size.rpc)
        return figures + found, details


def _in_process(
    postgres: Postgres, ledger: Ledger, rules: Path, progress: Progress, size: Size
) -> tuple[list[Figure], dict[str, Any]]:
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    task = progress.add_task("a ledger that grows", total=len(size.rows))
    ledger.grow(size.rows[0])
    with _copied(postgres, ledger) as smallest:
        growth = Growth(smallest, rules, size.growth)
        for rows in size.rows:
            if rows > ledger.rows:
                ledger.grow(rows)
            growth.add(ledger, progress)
            if rows == size.compared:
                with _copied(postgres, ledger) as ours, _copied(postgres, ledger) as theirs:
                    for compare, how in ((beside_hand_written, size.batch), (side_by_side, size.writers)):
                        found, told = compare(ours, theirs, rules, progress, how)  # type: ignore[operator]  # each its own size
                        figures += found
                        details |= told
            progress.advance(task)
    found, details["growth"] = growth.figures()
    return figures + found, details


@contextmanager
def _copied(postgres: Postgres, ledger: Ledger) -> Iterator[Ledger]:
    copied = copy_of(postgres, ledger)
    try:
        yield copied
    finally:
        copied.close()
        postgres.drop_database(copied.url)
