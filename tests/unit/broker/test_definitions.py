"""The committed definitions are those the code makes; permissions hold what docs/security.md says of them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from services.workbench.broker.comparing import differences
from services.workbench.broker.definitions import Document, definitions
from services.workbench.broker.integrators import FaultyIntegrators, Integrator, add_integrator, read_integrators
from services.workbench.broker.passwords import hash_of, is_hash_of, passwords_of
from services.workbench.broker.surface import Surface, surface
from services.workbench.broker.users import CALLS, User, all_users
from services.workbench.cli.broker import broker
from services.workbench.registry import SERVICES
from shared.kernel.environment import FaultySettings
from shared.messaging.settings import BusSettings
from tests.contract.snapshots import promised_events

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docker" / "rabbitmq"


@pytest.fixture(scope="module")
def offered() -> Surface:
    return surface(BusSettings())


@pytest.fixture(scope="module")
def integrators(offered: Surface) -> list[Integrator]:
    return read_integrators(FOLDER / "integrators.yaml", offered.methods, offered.events)


@pytest.fixture(scope="module")
def wanted(offered: Surface, integrators: list[Integrator]) -> Document:
    return definitions(BusSettings(), offered, integrators, {})


def user(name: str, offered: Surface, integrators: list[Integrator]) -> User:
    return next(one for one in all_users(integrators, offered.sources) if one.name == name)


def test_the_committed_definitions_are_current_and_hold_no_secret(wanted: Document) -> None:
    committed = json.loads((FOLDER / "definitions.json").read_text("utf-8"))
    again = "banyan broker definitions --without-passwords --out docker/rabbitmq/definitions.json --mode 644"
    assert committed == wanted, again
    assert {one["password_hash"] for one in committed["users"]} == {""}


def test_there_is_no_guest_and_one_administrator(wanted: Document) -> None:
    tags = {one["name"]: one["tags"] for one in wanted["users"]}
    assert "guest" not in tags
    assert [name for name, held in tags.items() if "administrator" in held] == ["banyan_admin"]
    assert set(tags) >= {f"banyan_{service}" for service in SERVICES}


def test_every_queue_of_work_parks_in_a_queue_that_exists(wanted: Document) -> None:
    names = {queue["name"] for queue in wanted["queues"]}
    parking = {name: f"dead.{name}" for name in names if name.startswith(("rpc-", "evt-", "integrator."))}
    assert parking
    assert set(parking.values()) <= names


def test_services_ask_for_methods_that_exist(offered: Surface) -> None:
    assert {call for calls in CALLS.values() for call in calls} <= set(offered.methods)


def test_the_events_are_those_that_contracts_promise(offered: Surface) -> None:
    told = promised_events()
    assert set(offered.events) == {f"{source[:-7]}.{name}" for source, names in told.items() for name in names}


def test_an_integrator_can_configure_no_name_that_an_exchange_may_have(
    offered: Surface, integrators: list[Integrator]
) -> None:
    pattern = user("integrator", offered, integrators).permission.configure
    for name in ("integrator.mine", "nameko-rpc", "rpc.reply-integrator-1", "reply.integrator.1", ""):
        assert not re.search(pattern, name)
    assert re.search(pattern, "amq.gen-x")  # RabbitMQ refuses to declare an exchange of a reserved name


def test_topic_patterns_match_whole_keys_alone(offered: Surface, integrators: list[Integrator]) -> None:
    write, _ = user("integrator", offered, integrators).topics["nameko-rpc"]
    assert re.search(write, "campaigns.recommend")
    for key in ("campaigns.recommend.x", "xcampaigns.recommend", "campaignsXrecommend", "reply.integrator.1", "#"):
        assert not re.search(write, key)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("boss:\n  calls: [governance.erase_all]\n", "boss: calls: there is no method governance.erase_all"),
        ("boss:\n  queues: {boss.all: [channels.everything]}\n", "there is no event channels.everything"),
        ("boss:\n  queues: {crm.all: [channels.contacts_sent]}\n", "crm.all must begin with boss."),
        ("boss:\n  feeds: [orders, secrets]\n", "there is no feed secrets"),
        ("governance:\n  calls: []\n", "none that Banyan or RabbitMQ uses"),
        ("banyan_x:\n  calls: []\n", "none that Banyan or RabbitMQ uses"),
        ("Boss.*:\n  calls: []\n", "the name must be"),
        ("boss:\n  cals: [campaigns.recommend]\n", "unknown field `cals`"),
        ("- boss\n", "must be a mapping"),
        ("boss: [\n", "line 2"),
    ],
)
def test_a_faulty_entry_is_named_with_its_place(text: str, words: str, offered: Surface, tmp_path: Path) -> None:
    file = tmp_path / "integrators.yaml"
    file.write_text(text)
    with pytest.raises(FaultyIntegrators) as refused:
        read_integrators(file, offered.methods, offered.events)
    assert words in str(refused.value)


def test_an_integrator_is_added_once(offered: Surface, tmp_path: Path) -> None:
    file = tmp_path / "integrators.yaml"
    boss = Integrator(name="boss", calls=["campaigns.recommend"], queues={"boss.sent": ["channels.contacts_sent"]})
    add_integrator(file, boss)
    assert read_integrators(file, offered.methods, offered.events) == [boss]
    with pytest.raises(FaultyIntegrators, match="is there already"):
        add_integrator(file, boss)


def test_the_command_adds_only_what_exists(tmp_path: Path) -> None:
    file = tmp_path / "integrators.yaml"
    asked = ["integrator", "add", "boss", "--calls", "campaigns.recomend", "--integrators", str(file)]
    refused = CliRunner().invoke(broker, asked)
    assert isinstance(refused.exception, FaultyIntegrators)
    assert not file.exists()
    asked[4] = "campaigns.recommend"
    assert CliRunner().invoke(broker, asked).exit_code == 0
    assert "campaigns.recommend" in file.read_text("utf-8")


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_hash_is_of_its_password_alone(password: str, other: str) -> None:
    kept = hash_of(password)
    assert is_hash_of(kept, password)
    assert is_hash_of(kept, other) == (password == other)
    assert hash_of(password) != kept, "salted"


def test_missing_and_weak_passwords_are_all_named(offered: Surface) -> None:
    users = all_users([], offered.sources)
    given = {f"BANYAN_AMQP_PASSWORD_{one.variable}": "long enough 1234" for one in users[1:]}
    with pytest.raises(FaultySettings, match="BANYAN_AMQP_PASSWORD_ADMIN") as refused:
        passwords_of(users, given | {"BANYAN_AMQP_PASSWORD_OPERATOR": "change-me"})
    assert len(refused.value.details["faults"]) == 2


def test_differences_are_told_and_nothing_else(wanted: Document) -> None:
    assert differences(wanted, json.loads(json.dumps(wanted)), {}) == []
    found = json.loads(json.dumps(wanted))
    found["users"].append({"name": "guest", "password_hash": "", "tags": ["administrator"]})
    found["permissions"][1]["write"] = ".*"
    found["queues"].pop()
    stray = {"source": "nameko-rpc", "vhost": "banyan", "destination": "boss.spy", "destination_type": "queue"}
    found["bindings"].append({**stray, "routing_key": "#", "arguments": {}})
    told = {(one.kind, one.problem) for one in differences(wanted, found, {})}
    assert told == {
        ("user", "unexpected"),
        ("permission", "different"),
        ("queue", "missing"),
        ("binding", "unexpected"),
    }
