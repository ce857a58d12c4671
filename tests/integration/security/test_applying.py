"""A running broker is compared with what it should be, and brought to it; the same again changes nothing."""

from collections.abc import Iterator

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise
import pytest

from services.workbench.broker.applying import apply, hashes_for
from services.workbench.broker.comparing import differences
from services.workbench.broker.definitions import Document
from services.workbench.broker.management import Management
from shared.kernel.faults import NotAllowed, Unavailable
from shared.messaging.tls import pika_parameters
from tests.support.fortress import Fortress, password_of, wanted_with

pytestmark = pytest.mark.servers
ROTATED = "another-word-for-stranger"


@pytest.fixture(scope="module")
def management(fortress: Fortress) -> Iterator[Management]:
    management = Management(fortress.node.api)
    yield management
    management.close()


@pytest.fixture
def wanted(management: Management) -> Document:
    names = [user["name"] for user in wanted_with({})["users"]]
    passwords = {name: password_of(name) for name in names}
    return wanted_with(hashes_for(passwords, management.definitions()))


def test_a_broker_that_loaded_the_definitions_is_as_it_should_be(management: Management, wanted: Document) -> None:
    passwords = {user["name"]: password_of(user["name"]) for user in wanted["users"]}
    assert differences(wanted, management.definitions(), passwords) == []
    assert apply(management, wanted, management.definitions(), passwords, prune=True) == []


def test_what_was_changed_by_hand_is_found_and_mended(management: Management, wanted: Document) -> None:
    management.ask("DELETE", "/api/queues/banyan/integrator.outcomes")
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    management.ask("PUT", "/api/permissions/banyan/stranger", everything)
    management.ask("PUT", "/api/users/guest", {"password": "guest", "tags": ""})
    management.ask("POST", "/api/bindings/banyan/e/nameko-rpc/q/stranger.orders", {"routing_key": "#"})
    told = apply(management, wanted, management.definitions(), {}, prune=True)
    assert {(one.kind, one.name, one.problem) for one in told} >= {
        ("queue", "integrator.outcomes", "missing"),
        ("permission", "stranger", "different"),
        ("user", "guest", "unexpected"),
        ("binding", "nameko-rpc → stranger.orders → #", "unexpected"),
    }
    assert differences(wanted, management.definitions(), {}) == []


def test_a_password_is_rotated(fortress: Fortress, management: Management) -> None:
    def rotate(password: str) -> list[str]:
        found = management.definitions()
        told = {"stranger": password}
        document = wanted_with(
            hashes_for({user["name"]: password_of(user["name"]) for user in found["users"]} | told, found)
        )
        return [one.problem for one in apply(management, document, found, told, prune=False)]

    old = fortress.url_of("stranger")
    assert rotate(ROTATED) == ["password"]
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika_parameters(old))
    pika.BlockingConnection(pika_parameters(old.replace(password_of("stranger"), ROTATED))).close()
    assert rotate(ROTATED) == []
    assert rotate(password_of("stranger")) == ["password"]


def test_only_the_administrator_is_let_in(fortress: Fortress) -> None:
    api = fortress.node.api.replace("banyan_admin", "integrator").replace(
        password_of("banyan_admin"), password_of("integrator")
    )
    asking = Management(api)
    with pytest.raises(NotAllowed, match="banyan_admin"):
        asking.definitions()
    asking.close()
    nobody = Management("http://banyan_admin:x@127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be reached"):
        nobody.definitions()
    nobody.close()
