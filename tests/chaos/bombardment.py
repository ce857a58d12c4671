"""Malformed messages of every kind at every entrypoint: answered, or parked with a reason; none changes anything."""

import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pika
import pika.exceptions

from services.workbench.registry import CONTAINERS
from shared.messaging import dead_letters, wire
from tests.chaos import odd_messages
from tests.chaos.odd_arguments import arguments_of, event_of, methods
from tests.chaos.odd_messages import JSON, Odd
from tests.chaos.town import Town
from tests.chaos.witness import consumers

_SECONDS = 60.0
_SPARED = frozenset({"run_due", "fire_due", "prune"})
"""Methods that would do real work if hostile arguments happened to be good ones."""


class Sent(NamedTuple):
    """A message that has gone out, and by what its fate is known."""

    tag: str
    where: str
    odd: Odd


def bombard(town: Town) -> None:
    """Send everything odd everywhere; compare what the services hold before and after."""
    chance = random.Random(town.plan.seed)
    before = town.contents()
    town.say("odd requests and events at every queue")
    _requests(town, {name: odd_messages.requests(name) for name in CONTAINERS})
    _events(town, chance)
    town.say("arguments with a wrong type somewhere, at every method")
    _requests(town, {f"{name}.{method}": _spoilt(town, chance, name, method) for name, method in _all_methods()})
    _refused(town)
    since = time.monotonic()
    town.await_recovery(since, "malformed messages")
    town.await_calm("malformed messages")
    town.require_unchanged(before, "malformed messages")
    town.say("hostile arguments of the right types, at every method")
    _hostile(town, chance)


def _all_methods() -> Iterator[tuple[str, str]]:
    return ((name, method) for name in CONTAINERS for method in methods(name))


def _spoilt(town: Town, chance: random.Random, container: str, method: str) -> list[Odd]:
    found = []
    for _ in range(town.plan.spoilt_per_method):
        place, value = arguments_of(container, method).spoil(chance)
        found.append(Odd(f"whose {place} is wrong", wire.encode_request(value), JSON))
    return found


def _requests(town: Town, messages: dict[str, list[Odd]], *, is_good: bool = False) -> None:
    """Send requests; `messages` by container (to `ping`) or by method."""
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        mailbox = f"chaos-{secrets.token_hex(6)}"  # the middle part of reply addresses, too
        channel.queue_declare(mailbox, exclusive=True)
        channel.queue_bind(mailbox, wire.RPC_EXCHANGE, f"reply.{mailbox}.*")
        sent = []
        for where, odds in messages.items():
            key = (where if "." in where else f"{where}.ping").encode()
            for number, odd in enumerate(odds):
                tag = f"{where.replace('.', '-')}-{number}"
                own = {"reply_to": f"reply.{mailbox}.{tag}", "correlation_id": tag, "type": tag}
                properties = pika.BasicProperties(**(own | dict(odd.properties)))
                channel.basic_publish(wire.RPC_EXCHANGE, odd.key or key, odd.body, properties)
                sent.append(Sent(tag, where, odd))
        _judge(town, channel, mailbox, sent, is_good=is_good)


def _judge(town: Town, channel: Any, mailbox: str, sent: Sequence[Sent], *, is_good: bool) -> None:
    """Wait until each message is answered or parked, and look at how."""
    told: dict[str, str] = {}
    parked: dict[str, str] = {}
    open_ones = {one.tag for one in sent if one.odd.properties.get("reply_to", "x") != "nobody"}
    queues = sorted({f"rpc-{one.where.split('.')[0]}" for one in sent})
    deadline = time.monotonic() + _SECONDS + len(sent) / 50
    while open_ones - told.keys() - parked.keys() and time.monotonic() < deadline and not town.deployment.ended():
        for method, _, body in channel.consume(mailbox, auto_ack=True, inactivity_timeout=0.5):
            if method is None:
                break
            told[method.routing_key.rpartition(".")[2]] = _code(body)
        parked |= _parked(town, queues)
    for one in sent:
        if one.tag in open_ones and one.tag not in told and one.tag not in parked:
            town.account.breach(f"a request {one.odd.title} to {one.where} was neither answered nor parked")
        elif told.get(one.tag) == "result" and not one.odd.is_readable and not is_good:
            town.account.breach(f"a request {one.odd.title} to {one.where} was taken for a good one")
        elif told.get(one.tag) in {"internal_fault", "unavailable"}:
            town.account.breach(f"a request {one.odd.title} to {one.where} was answered {told[one.tag]}: {_short(one)}")
        elif parked.get(one.tag) == "":
            town.account.breach(f"a request {one.odd.title} to {one.where} was parked without a reason")
    codes = ", ".join(f"{code} {count}" for code, count in Counter(told.values()).most_common())
    kind = "hostile requests" if is_good else "odd requests" if "." not in sent[0].where else "spoilt requests"
    town.account.note(kind, f"{len(sent)} to {len({one.where for one in sent})}: {codes}; parked {len(parked)}")


def _events(town: Town, chance: random.Random) -> None:
    """Send odd events to every queue of events."""
    sent: list[Sent] = []
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        for queue, *_ in consumers():
            container, _, method = queue.partition("--")[2].partition(".")
            shape = event_of(container, method)
            good = msgspec.json.encode(shape.sample(chance))
            spoilt = [shape.spoil(chance) for _ in range(town.plan.spoilt_per_method)]
            odds = odd_messages.events(good)
            odds += [Odd(f"whose {place} is wrong", msgspec.json.encode(value), JSON) for place, value in spoilt]
            for number, odd in enumerate(odds):
                tag = f"{queue}-{number}"
                own = {"message_id": f"odd-{secrets.token_hex(4)}", "type": tag[-250:]}
                channel.basic_publish("", queue, odd.body, pika.BasicProperties(**(own | dict(odd.properties))))
                sent.append(Sent(tag[-250:], queue, odd))
    queues = [one.queue for one in consumers()]
    wanted = {one.tag for one in sent if not one.odd.is_readable}
    parked: dict[str, str] = {}
    deadline = time.monotonic() + _SECONDS + len(sent) / 50
    while wanted - parked.keys() and time.monotonic() < deadline and not town.deployment.ended():
        time.sleep(0.5)
        parked |= _parked(town, queues)
    town.await_calm("odd events")
    parked |= _parked(town, queues)
    for one in sent:
        if one.tag in wanted and not parked.get(one.tag):
            town.account.breach(f"an event {one.odd.title} at {one.where} was not parked with a reason")
    reasons = Counter(reason.partition(":")[0] for reason in parked.values())
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    town.account.note("odd events", f"{len(sent)} to {len(queues)}: parked {len(parked)} ({told}), the rest applied")


def _refused(town: Town) -> None:
    """Send what the broker refuses: only its sender may notice."""
    count = 0
    for odd in odd_messages.refused():
        with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            try:
                properties = pika.BasicProperties(reply_to="chaos", **odd.properties)
                channel.basic_publish(wire.RPC_EXCHANGE, "governance.ping", odd.body, properties)
            except (pika.exceptions.AMQPChannelError, pika.exceptions.NackError):
                count += 1
    town.account.note("refused by the broker", count)
    town.account.require(count == len(odd_messages.refused()), "the broker took what it should refuse")


def _hostile(town: Town, chance: random.Random) -> None:
    messages = {}
    for name, method in _all_methods():
        if method not in _SPARED:
            shape = arguments_of(name, method)
            bodies = [
                wire.encode_request(shape.sample(chance, is_hostile=True)) for _ in range(town.plan.hostile_per_method)
            ]
            messages[f"{name}.{method}"] = [Odd("of hostile values", body, JSON) for body in bodies]
    _requests(town, messages, is_good=True)
    town.await_recovery(time.monotonic(), "hostile arguments")
    town.await_calm("hostile arguments")


def _parked(town: Town, queues: Sequence[str]) -> dict[str, str]:
    """Take all dead letters of these queues; returns reasons by tag."""
    reasons = {}
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        for queue in queues:
            while True:
                method, properties, _ = channel.basic_get(dead_letters.PREFIX + queue, auto_ack=True)
                if method is None:
                    break
                headers = properties.headers or {}
                deaths = headers.get("x-death")
                death = deaths[0].get("reason", "") if isinstance(deaths, list) and deaths else ""
                reasons[str(properties.type)] = str(headers.get(wire.ERROR) or death)
    return reasons


def _code(body: bytes) -> str:
    reply = msgspec.json.decode(body)
    return str(reply["error"]["exc_args"][0]) if reply["error"] else "result"


def _short(one: Sent) -> str:
    return one.odd.body[:200].decode(errors="replace")
