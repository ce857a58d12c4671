"""A service that keeps so many days, and how to look at what it deleted."""

from shared.contracts.governance import Pruned
from tests.integration.governance.world import BLACK, COOLING, HALL, WEEKLY, World

POLICIES = {"weekly": WEEKLY, "black": BLACK + "\noverride: two_persons", "cooling": COOLING, "hall": HALL}


def keeping(world: World, days: float, audit_days: float = 5) -> World:
    world.variables["BANYAN_GOVERNANCE_KEEP_DAYS"] = str(days)
    world.variables["BANYAN_GOVERNANCE_KEEP_AUDIT_DAYS"] = str(audit_days)
    world.use = world.another()
    return world


def count(world: World, table: str) -> int:
    [(number,)] = world.rows(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own tables
    return int(number)


def prune(world: World) -> Pruned:
    return world.use.prune()
