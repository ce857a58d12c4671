"""A governance service with every kind of policy, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.governance.world import BLACK, COOLING, HALL, OPT_OUT, World

POLICIES = {
    "black": BLACK,
    "cooling": COOLING,
    "daily": "kind: frequency_cap\nper: customer\nlimit: 2\nwindow: {calendar: day}",
    "hall": HALL,
    "opted-out": OPT_OUT,
    "quiet": (
        "kind: quiet_hours\napplies_to: {directions: [outbound]}\n"
        'weekly: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "22:00", to: "08:00"}]'
    ),
    "spacing": "kind: spacing\napplies_to: {channels: [sms]}\nper: customer\nat_least: 3h",
    "weekly": "kind: frequency_cap\napplies_to: {purposes: [marketing]}\nper: customer\nlimit: 5\n"
    "window: {rolling: 7d}",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return the service on an empty SQLite database."""
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, POLICIES)
    yield place
    place.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Return the service on an empty database of either kind."""
    url = f"sqlite:///{tmp_path}/governance.sqlite"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    place = World(url, tmp_path, POLICIES)
    yield place
    place.close()
