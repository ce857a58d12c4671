"""A ledger that many examples share, emptied before each, and requests that meet its policies' edges."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import yaml
from hypothesis import strategies as st

from services.governance.dependencies import build, open_database
from shared.contracts.governance import ContactRequest
from tests.integration.governance.ledger_policies import SETS, STARTS, ZONES
from tests.integration.governance.world import World, write_rules
from tests.model.contact_rules import micros, moment_of

TABLES = ("contact", "suppression", "decision", "rule_set", "list_entry", "outcome", "capacity_counter")
TABLES += ("inbox", "outbox", "audit")
_SPANS = [0, *(timedelta(hours=hours) // timedelta(microseconds=1) for hours in (1, 3, 24, 26, 30, 48, 72, 168, 336))]


CUSTOMERS = st.sampled_from(["anna", "anna", "ben", "chen"])
LISTS = st.sampled_from(["black", "opt_out", "grey", "red"])


class Clock:
    """A clock that may go back."""

    def __init__(self) -> None:
        self.moment = STARTS[0]

    def now(self) -> datetime:
        return self.moment


class Site:
    """One database, and two instances of the service for each rule set; shared by all examples of a test."""

    def __init__(self, world: World) -> None:
        self.clocks = Clock(), Clock()
        self.engine = open_database(world.settings()).engine
        self.rules = {name: {one: yaml.safe_load(body) for one, body in SETS[name].items()} for name in SETS}
        folders = {name: write_rules(world.rules.parent / name, SETS[name]) for name in SETS}
        self.uses = {
            name: [build(world.settings(folder), clock) for clock in self.clocks] for name, folder in folders.items()
        }

    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in TABLES:
                connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours
            connection.execute(sa.text("UPDATE counted_rules SET fingerprint = ''"))

    def rows(self, statement: str) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement)).all()


def requests(begin: datetime, now: datetime, planned: Sequence[int]) -> st.SearchStrategy[ContactRequest]:
    """Return requests for the weeks after `begin`; some lie a policy's span from the moments `planned`."""
    edges = st.builds(
        lambda at, span, by: at + span + by,
        st.sampled_from(planned or [micros(begin)]),
        st.sampled_from(_SPANS),
        st.sampled_from([0, -1, 1]),
    )
    quarters = st.integers(-3 * 96, 30 * 96).map(lambda number: micros(begin) + number * 900_000_000)
    soon = st.integers(0, 48).map(lambda number: micros(now) + number * 1_800_000_000)
    return st.builds(
        ContactRequest,
        contact_id=st.integers(0, 60).map("c{}".format),
        customer_id=CUSTOMERS,
        channel=st.sampled_from(["sms", "sms", "hall", "web"] * 5 + ["pigeon"]),
        campaign_id=st.sampled_from(["spring", "summer"]),
        offering_id=st.sampled_from(["crbt", "box", "club"]),
        category=st.sampled_from(["music", "news"]),
        purpose=st.sampled_from(["marketing", "marketing", "service"]),
        direction=st.sampled_from(["outbound", "outbound", "inbound"]),
        planned_at=st.one_of(edges, quarters, soon).map(moment_of),
        priority=st.sampled_from([0.0, 0.5, 1.0]),
        zone=st.sampled_from([ZONES[0]] * 12 + list(ZONES) * 4 + ["Moon"]),
    )
