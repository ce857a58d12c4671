"""Files that meet each other and single writers: nobody waits in a circle, and the latest stamp is what is stored."""

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from services.customer_view.adapters import csv_chunks
from services.customer_view.application import feeds as feeds_module
from services.customer_view.application.feed_ports import FileOrder
from services.customer_view.application.meeting import insisting
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build_feeds
from services.customer_view.settings import Settings
from shared.contracts.customer_view import Customer, CustomerRecord
from shared.kernel.clock import SteeredClock
from tests.integration.customer_view.feed_files import HEADER, told, write_map

_IDS = 1_200
_ROUNDS = 4
_FILES = 3


def load(settings: Settings, clock: SteeredClock, folder: Path, feed: int) -> None:
    """Load a file a round, each with the same subscribers in another order and another spend."""
    feeds = build_feeds(settings, clock)
    draws = random.Random(feed)
    for number in range(_ROUNDS):
        ids = draws.sample(range(_IDS), _IDS)
        path = folder / f"feed{feed}-{number}.csv"
        path.write_text(HEADER + "".join(f"{n},30,男,{feed}{number}.5,1,1,,,,,,\n" for n in ids), encoding="utf-8")
        feeds.load(FileOrder(path, folder / "map.yaml", path.stem))


def write(use_cases: UseCases) -> None:
    """Upsert pages of them as CRM does."""
    draws = random.Random(99)
    for number in range(40):
        ids = draws.sample(range(_IDS), 50)
        records = [CustomerRecord(customer_id=f"t-{n}", facts={"age": 20 + number}) for n in ids]
        insisting(partial(use_cases.upsert_customers, records))


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True)
def test_files_and_writers_that_meet_all_come_through_and_the_latest_stamp_is_what_is_stored(
    settings: Settings, clock: SteeredClock, use_cases: UseCases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds_module, "BATCH", 200)
    monkeypatch.setattr(csv_chunks, "_FIRST", 6_000)
    write_map(tmp_path)
    work = [partial(load, settings, clock, tmp_path, feed) for feed in range(_FILES)]
    with ThreadPoolExecutor(_FILES + 1) as pool:
        for done in [pool.submit(one) for one in (*work, partial(write, use_cases))]:
            done.result()

    descriptions: dict[str, list[Customer]] = defaultdict(list)
    for one in told(settings):
        descriptions[one.customer_id].append(one)
    assert len(descriptions) == _IDS
    for name, versions in descriptions.items():
        stamps = [one.changed_at for one in versions]
        assert len(set(stamps)) == len(stamps), f"two descriptions of {name} have the same stamp"
        assert max(versions, key=lambda one: one.changed_at) == use_cases.get_customer(name)
