"""What the release before left in a ledger is as good after an upgrade."""

from alembic import command
from alembic.config import Config

from services.governance.dependencies import MIGRATIONS, open_database
from shared.contracts.governance import ListEntry
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.integration.governance.world import World


def downgraded(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()


def entry(customer_id: str) -> ListEntry:
    return ListEntry(customer_id=customer_id, reason="asked", source="hall", author="clerk")


def test_an_entry_put_before_the_upgrade_wins_over_a_reservation_made_before_it(world: World) -> None:
    world.use.list_put("black", [entry("early")])
    world.pass_hours(0.1)
    assert world.permits("a", 1)
    assert world.permits("b", 1, customer_id="ben")
    world.use.list_put("black", [entry("anna")])
    database = open_database(world.settings())
    downgraded(database, "0002")
    migrate(database, MIGRATIONS)
    assert world.rows("SELECT customer_id, put_after FROM list_entry ORDER BY 1") == [("anna", 2), ("early", 0)]
    assert [told.verdict for told in world.use.recheck(["a", "b"])] == ["suppress", "permit"]
    assert not world.permits("c", 1)


def test_every_migration_can_be_taken_back_and_made_again(world: World) -> None:
    database = open_database(world.settings())
    for revision in ("0002", "0001", "base"):
        downgraded(database, revision)
    assert world.rows("SELECT count(*) FROM alembic_version") == [(0,)]
    migrate(database, MIGRATIONS)
    assert world.permits("a", 1)
