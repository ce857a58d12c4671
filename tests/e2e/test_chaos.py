"""A slice of `make chaos` in every run of the suite: each kind of fault once, in sizes that take seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.messaging.client import BanyanClient
from tests.chaos.account import Account
from tests.chaos.bombardment import bombard
from tests.chaos.plan import quick
from tests.chaos.prober import Prober
from tests.chaos.rehearsals import rehearse
from tests.chaos.town import Town
from tests.chaos.witness import Witness
from tests.e2e.conftest import PROCESSES
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator
from tests.torture.town import Servers

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]

SHORT = quick(seed=5)._replace(subscribers=300, days=1, hours=(0,), processes=tuple(PROCESSES))


def quietly(_line: str) -> None:
    """Say nothing."""


def told(account: Account) -> list[str]:
    return [breach for _, breach in account.breaches]


@pytest.fixture
def watched(town: Deployment, client: BanyanClient, postgres: Postgres, broker: RabbitMQ) -> Iterator[Town]:
    """Give the deployment that all tests of the package share, with everything that watches it."""
    servers, witness = Servers(postgres, broker), Witness(town)
    operator = Operator(town, client, besides=("chaos-",))
    with Prober(town.amqp_url) as prober:
        yield Town(servers, town, client, operator, prober, witness, SHORT, Account(SHORT.seed), quietly)
    witness.close()


def test_malformed_messages_at_every_entrypoint_are_answered_or_parked_and_change_nothing(watched: Town) -> None:
    bombard(watched)
    assert told(watched.account) == []
    figures = {row.what: row.figure for row in watched.account.rows}
    assert {"odd requests", "spoilt requests", "hostile requests", "odd events"} <= figures.keys()


def test_whoever_is_struck_in_the_middle_of_a_campaign_changes_nothing(own_servers: Servers, tmp_path: Path) -> None:
    account = Account(SHORT.seed)
    rehearse(own_servers, tmp_path, SHORT, account, quietly)
    assert told(account) == []
    assert {"kills", "events repeated"} <= {row.what for row in account.rows}
