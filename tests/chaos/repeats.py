"""Every event of a run once more, two to five times, in shuffled order: nothing may change."""

import random

import pika

from tests.chaos.town import Town
from tests.chaos.witness import TAP


def repeat_events(town: Town, chance: random.Random) -> None:
    """Publish everything that went over the bus again and compare what all services hold."""
    copies = list(town.witness.look())
    again = [copy for copy in copies for _ in range(chance.randint(2, town.plan.copies))]
    chance.shuffle(again)
    before = town.contents()
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for copy in again:
            channel.basic_publish(copy.exchange, copy.event_type, copy.body, copy.properties)
    town.await_calm("repeated events")
    town.account.note("events repeated", f"{len(copies)} events, {len(again)} more deliveries, shuffled")
    town.require_unchanged(before, "repeated events")
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        connection.channel().queue_purge(TAP)
