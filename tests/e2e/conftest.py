"""One small deployment that several test modules share: loaded, launched, and otherwise left in peace."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import pytest

from services.workbench.registry import CONTAINERS, SERVICES
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from tests.chaos.odd_messages import LIMIT
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, plans
from tests.torture.town import Servers

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou
SUBSCRIBERS = 300
PROCESSES = [("customer_view", "catalogue", "channels"), ("governance", "campaigns")]
SETTINGS = {"BANYAN_RETRY_SECONDS": "0.2,0.5,1", "BANYAN_MAX_MESSAGE_BYTES": str(LIMIT)}  # faults told in seconds

Watch = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="package")
def town(postgres: Postgres, broker: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy Banyan with a few subscribers and one live campaign."""
    folder = tmp_path_factory.mktemp("town")
    deployment = Deployment(postgres, broker, folder, now=MORNING, processes=PROCESSES, settings=SETTINGS)
    with deployment, BanyanClient(deployment.amqp_url) as client:
        operator = Operator(deployment, client)
        operator.load(SUBSCRIBERS)
        operator.launch(plans(["crbt-win-back"]))
        operator.live_through([MORNING])
        yield deployment


@pytest.fixture(scope="package")
def client(town: Deployment) -> Iterator[BanyanClient]:
    """Give an integrator's client of the deployment."""
    with BanyanClient(town.amqp_url) as client:
        yield client


@pytest.fixture(scope="package")
def unharmed(town: Deployment, client: BanyanClient) -> Watch:
    """Give a watch that fails unless services wrote nothing, answer as before, and no process ended."""

    @contextmanager
    def watch(*services: str) -> Iterator[None]:
        before = {service: town.contents(service) for service in services or SERVICES}
        yield
        answers = client.call_many([(container, "ping", {}) for container in CONTAINERS], timeout=20)
        assert [one for one in answers if isinstance(one, Fault)] == []
        assert town.ended() == []
        assert {service: town.contents(service) for service in before} == before

    return watch


@pytest.fixture(scope="package")
def own_servers() -> Iterator[Servers]:
    """Servers that may be restarted, as those that all tests share must not be."""
    servers = Servers.start()
    yield servers
    servers.stop()
