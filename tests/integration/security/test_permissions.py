"""What users of the broker may not do, each tried against a broker that was set up from our definitions."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise
import pytest

from shared.messaging.tls import pika_parameters
from tests.support.fortress import Fortress

pytestmark = pytest.mark.servers

REFUSED, LOCKED = 403, 405
Act = Callable[[Any], object]


class Connections:
    """One connection for each user; a refusal costs its channel alone."""

    def __init__(self, fortress: Fortress) -> None:
        self._fortress = fortress
        self._open: dict[str, Any] = {}

    def channel(self, user: str) -> Any:
        if user not in self._open:
            self._open[user] = pika.BlockingConnection(pika_parameters(self._fortress.url_of(user)))
        channel = self._open[user].channel()
        channel.confirm_delivery()
        return channel

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()


@pytest.fixture(scope="module")
def connections(fortress: Fortress) -> Iterator[Connections]:
    connections = Connections(fortress)
    yield connections
    connections.close()


def publish(exchange: str, key: str, **properties: str) -> Act:
    return lambda channel: channel.basic_publish(exchange, key, b"{}", pika.BasicProperties(**properties))


def bind(queue: str, exchange: str, key: str) -> Act:
    return lambda channel: channel.queue_bind(queue, exchange, key)


def bind_own(exchange: str, key: str) -> Act:
    """Bind a queue of one's own that the server named, which every integrator may have."""
    return lambda channel: channel.queue_bind(channel.queue_declare("", exclusive=True).method.queue, exchange, key)


def take(queue: str) -> Act:
    return lambda channel: channel.basic_get(queue)


def pass_topics_by(channel: Any) -> None:
    """Call what is not granted through an exchange of one's own, where topic permissions do not hold."""
    channel.exchange_declare("integrator.way", "fanout")
    channel.exchange_bind("nameko-rpc", "integrator.way")


UUID = str(uuid4())
BY_INTEGRATORS: dict[str, Act] = {
    "publish an event": publish("channels.events", "contacts_sent"),
    "call a method that is not granted": publish("nameko-rpc", "governance.subscriber_erase"),
    "answer for a service": publish("nameko-rpc", f"reply.stranger.{UUID}"),
    "write into a service's queue": publish("", "rpc-governance"),
    "write into a waiting queue": publish("banyan.retry.500", "rpc-governance"),
    "park messages": publish("banyan.dead", "dead.rpc-governance"),
    "call the roll": publish("banyan.roll_call", ""),
    "bind a queue to all calls": bind_own("nameko-rpc", "#"),
    "bind a queue to a service's calls": bind_own("nameko-rpc", "governance.*"),
    "bind a queue to another's answers": bind_own("nameko-rpc", f"reply.stranger.{UUID}"),
    "bind a queue to everybody's answers": bind_own("nameko-rpc", "reply.#"),
    "bind a queue to all events": bind_own("channels.events", "#"),
    "bind a queue to events that are not granted": bind_own("customer_view.events", "customers_changed"),
    "bind a service's queue": bind("rpc-governance", "nameko-rpc", f"reply.integrator.{UUID}"),
    "hear the roll call": bind_own("banyan.roll_call", ""),
    "consume a service's requests": take("rpc-governance"),
    "consume dead letters": take("dead.rpc-governance"),
    "consume another's events": take("stranger.orders"),
    "purge a service's queue": lambda channel: channel.queue_purge("rpc-governance"),
    "delete a service's queue": lambda channel: channel.queue_delete("rpc-governance"),
    "delete an exchange": lambda channel: channel.exchange_delete("channels.events"),
    "declare an exchange": lambda channel: channel.exchange_declare("mine", "topic"),
    "declare an exchange under its own name": lambda channel: channel.exchange_declare("integrator.way", "fanout"),
    "declare an exchange that looks like a queue": lambda channel: channel.exchange_declare("amq.gen-way", "fanout"),
    "pass the topic permissions by": pass_topics_by,
    "declare a queue": lambda channel: channel.queue_declare("heap", durable=True),
    "declare a queue under another's name": lambda channel: channel.queue_declare("stranger.more", durable=True),
    "publish to a feed without leave": publish("banyan.feeds", "customers"),
}

BY_SERVICES: dict[str, tuple[str, Act]] = {
    "tell another's event": ("banyan_catalogue", publish("channels.events", "contacts_sent")),
    "write into another's queue directly": ("banyan_catalogue", publish("", "rpc-governance")),
    "call what it has no business with": ("banyan_channels", publish("nameko-rpc", "governance.subscriber_erase")),
    "consume another's requests": ("banyan_channels", take("rpc-governance")),
    "consume another's events": (
        "banyan_channels",
        take("evt-channels-contacts_sent--governance_bulk.on_contacts_sent"),
    ),
    "read another's dead letters": ("banyan_channels", take("dead.rpc-governance")),
    "bind its queue to others' calls": ("banyan_channels", bind("rpc-channels", "nameko-rpc", "governance.*")),
    "bind its queue to others' answers": ("banyan_channels", bind("rpc-channels", "nameko-rpc", "reply.#")),
    "bind its queue to parked messages": (
        "banyan_channels",
        bind("rpc-channels", "banyan.dead", "dead.rpc-governance"),
    ),
    "delete another's queue": ("banyan_channels", lambda channel: channel.queue_delete("rpc-governance")),
    "declare a stranger's queue": ("banyan_channels", lambda channel: channel.queue_declare("heap")),
    "delete another's exchange": ("banyan_channels", lambda channel: channel.exchange_delete("governance.events")),
    "forge an answer as the operator": ("banyan_operator", publish("nameko-rpc", f"reply.integrator.{UUID}")),
    "consume requests as the operator": ("banyan_operator", take("rpc-governance")),
    "tell an event as the operator": ("banyan_operator", publish("channels.events", "contacts_sent")),
}


@pytest.mark.parametrize("act", BY_INTEGRATORS)
def test_an_integrator_may_not(connections: Connections, act: str) -> None:
    refuse(connections, "integrator", BY_INTEGRATORS[act])


@pytest.mark.parametrize("act", BY_SERVICES)
def test_a_service_may_not(connections: Connections, act: str) -> None:
    user, doing = BY_SERVICES[act]
    refuse(connections, user, doing)


def refuse(connections: Connections, user: str, act: Act) -> None:
    channel = connections.channel(user)
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
        act(channel)
    assert refused.value.reply_code == REFUSED, refused.value.reply_text


def test_an_integrator_may_do_what_its_entry_says(connections: Connections) -> None:
    channel = connections.channel("integrator")
    bind_own("nameko-rpc", f"reply.integrator.{UUID}")(channel)
    publish("nameko-rpc", "campaigns.recommend", reply_to=f"reply.integrator.{UUID}")(channel)
    bind("integrator.events", "channels.events", "contacts_sent")(channel)
    take("integrator.events")(channel)


def test_a_reply_queue_belongs_to_its_connection(connections: Connections) -> None:
    queue = connections.channel("integrator").queue_declare("", exclusive=True, auto_delete=True).method.queue
    other = connections.channel("stranger")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
        other.basic_get(queue)
    assert refused.value.reply_code == LOCKED


def test_there_is_no_guest_and_nobody_gets_in_with_a_wrong_password(fortress: Fortress) -> None:
    users = fortress.ask("GET", "/api/users")
    assert isinstance(users, list)
    assert "guest" not in {user["name"] for user in users}
    wrong = fortress.url_of("integrator").replace("secret-of", "guess-at")
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika_parameters(wrong))


def test_a_message_larger_than_permitted_is_refused_by_the_broker(connections: Connections) -> None:
    channel = connections.channel("integrator")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        channel.basic_publish("nameko-rpc", "campaigns.recommend", b"x" * (32 * 1024 * 1024 + 1))
