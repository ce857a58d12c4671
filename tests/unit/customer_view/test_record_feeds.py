"""Orders and events from files of JSON lines: applied once by the use cases, the position beside them."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.config import Config

from services.customer_view.application.faults import FeedMismatch
from services.customer_view.application.feed_ports import FeedOutcome, FileOrder
from services.customer_view.application.feed_state import Message
from services.customer_view.application.record_feeds import records_of
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import MIGRATIONS, build_record_feeds, list_feeds, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import CustomerRecord
from shared.kernel.clock import SteeredClock
from shared.persistence.migrations import migrate
from tests.unit.customer_view.happenings import HOUR, Fired, quota

Load = Callable[..., FeedOutcome]


@pytest.fixture
def load(settings: Settings, clock: SteeredClock, tmp_path: Path, world: UseCases) -> Iterator[Load]:
    database = open_database(settings)
    feeds = build_record_feeds(settings, clock)

    def load(kind: Any, lines: list[bytes], *, squeezed: bool = False, **options: Any) -> FeedOutcome:
        content = b"\n".join(lines) + b"\n"
        path = tmp_path / f"{kind}.jsonl"
        path.write_bytes(gzip.compress(content) if squeezed else content)
        return feeds.load(kind, FileOrder(path, path, options.pop("name", kind), tmp_path / "out.csv", **options))

    assert world
    yield load
    database.close()


@pytest.mark.parametrize("squeezed", [False, True])
def test_events_of_a_file_fire_triggers_and_bad_ones_are_noted_by_line(
    load: Load, fired: Callable[[], Fired], tmp_path: Path, *, squeezed: bool
) -> None:
    good = [msgspec.json.encode(quota("a", HOUR)), msgspec.json.encode([quota("a", 2 * HOUR), quota("b", HOUR)])]
    stranger = msgspec.json.encode(quota("13800138000", HOUR))
    outcome = load("events", [good[0], b"", b"{", good[1], stranger, b'[{"event_id": 1}]'], squeezed=squeezed)
    assert [one[:2] for one in fired()] == [("quota-twice", "a")]
    state = outcome.state
    assert (state.rows, state.written, state.refused, state.position) == (6, 3, 3, 6)
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [["3", "message"], ["5", "customer_id"], ["6", "message"]]
    assert "13800138000" not in "".join(lines)


def test_orders_of_a_file_add_products_and_the_same_file_is_told(load: Load, world: UseCases) -> None:
    orders = [json.dumps({"order_id": n, "customer_id": n, "products": ["crbt"]}).encode() for n in ("a", "b")]
    assert load("orders", orders).state.written == 2
    assert world.get_customer("a").facts["products"] == ["crbt"]
    assert load("orders", orders).was_loaded
    assert load("orders", orders, is_again=True).state.written == 2


def test_a_run_goes_on_behind_the_last_line_stored(load: Load, settings: Settings, world: UseCases) -> None:
    lines = [json.dumps({"customer_id": f"n{n}", "facts": {"age": n % 90}}).encode() for n in range(5_500)]
    squeezed = gzip.compress(b"\n".join(lines))[:-40]
    path = settings.rules.parent / "customers.jsonl"
    path.write_bytes(squeezed)
    feeds = build_record_feeds(settings)
    first = feeds.load("customers", FileOrder(path, path, "n"))
    assert 4_000 <= first.state.written < 5_500
    assert first.state.incomplete
    again = feeds.load("customers", FileOrder(path, path, "n"))
    assert (again.resumed_from, again.state.written) == (first.state.rows, first.state.written)
    with pytest.raises(FeedMismatch):
        load("orders", [b"{}"], name="n")
    assert world.get_customer("n7").facts == {"age": 7}
    assert list_feeds(settings)[0].incomplete


def test_a_message_is_one_record_or_an_array_of_at_most_five_thousand() -> None:
    records, rejects = records_of("customers", Message(3, b'[{"customer_id": "a", "facts": {}}, {"facts": 1}, 4]'))
    assert records == [CustomerRecord(customer_id="a", facts={})]
    assert [(one.line, one.reason.split(":")[0]) for one in rejects] == [(3, "malformed"), (3, "malformed")]
    records, rejects = records_of("customers", Message(4, b"[" + b"1," * 5_000 + b"1]"))
    assert (records, [one.reason.split(":")[0] for one in rejects]) == ([], ["too_many"])


def test_the_table_of_feeds_can_be_taken_back_and_made_again(settings: Settings, load: Load) -> None:
    database = open_database(settings)
    load("orders", [])
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
        connection.commit()
    migrate(database, MIGRATIONS)
    assert list_feeds(settings) == []
