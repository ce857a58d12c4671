"""The program the tests serve: `served.py <class>…`, configured by the environment."""

from shared.messaging.green import go_green

go_green()

import os  # noqa: E402 - eventlet comes first
import sys  # noqa: E402 - eventlet comes first
from datetime import UTC, datetime  # noqa: E402 - eventlet comes first
from pathlib import Path  # noqa: E402 - eventlet comes first
from typing import Any  # noqa: E402 - eventlet comes first

import eventlet  # noqa: E402 - eventlet comes first
import msgspec  # noqa: E402 - eventlet comes first
import sqlalchemy as sa  # noqa: E402 - eventlet comes first
from nameko.extensions import DependencyProvider  # noqa: E402 - eventlet comes first

from shared.messaging.entrypoints import Pingable, event, rpc  # noqa: E402 - eventlet comes first
from shared.messaging.green_caller import GreenCaller  # noqa: E402 - eventlet comes first
from shared.messaging.relay_child import RelaySpec  # noqa: E402 - eventlet comes first
from shared.messaging.serving import serve  # noqa: E402 - eventlet comes first
from shared.messaging.settings import BusSettings  # noqa: E402 - eventlet comes first
from shared.persistence.database import Database  # noqa: E402 - eventlet comes first
from shared.persistence.outbox import Outbox  # noqa: E402 - eventlet comes first


class Told(msgspec.Struct, frozen=True):
    number: int


class Calls(DependencyProvider):
    def setup(self) -> None:
        self.caller = GreenCaller(self.container.settings.amqp_url, name="asker", settings=self.container.settings)

    def get_dependency(self, worker_ctx: Any) -> GreenCaller:  # noqa: ARG002 - nameko's signature
        return self.caller

    def stop(self) -> None:
        self.caller.close()


class Store(DependencyProvider):
    def setup(self) -> None:
        self.database = Database(os.environ["STORE"]) if "STORE" in os.environ else None
        self.metadata = sa.MetaData()
        self.outbox = Outbox(self.metadata)
        self.applied = sa.Table("applied", self.metadata, sa.Column("number", sa.BigInteger))

    def get_dependency(self, worker_ctx: Any) -> "Store":  # noqa: ARG002 - nameko's signature
        return self


class Echo(Pingable):
    name = "echo"
    max_workers = 8

    @rpc
    def say(self, text: str) -> str:
        return text

    @rpc
    def slow(self, seconds: float) -> str:
        eventlet.sleep(seconds)
        return "done"

    @event("teller", "asked")
    def on_asked(self, event_id: str, event: Told) -> None:
        """Fail as long as the file `broken` is there; note every attempt."""
        folder = Path(os.environ["NOTES"])
        with (folder / "attempts").open("a") as notes:
            notes.write(f"{event_id} {event.number}\n")
        if (folder / "broken").exists():
            raise ConnectionError("the far side is broken")


class Asker(Pingable):
    name = "asker"
    calls = Calls()

    @rpc
    def ask(self, texts: list[str]) -> list[str]:
        pool = eventlet.GreenPool(64)
        return list(pool.imap(lambda text: self.calls.call("echo", "say", {"text": text}, str), texts))


class Counter(Pingable):
    name = "counter"
    store = Store()

    @event("teller", "told")
    def on_told(self, event_id: str, event: Told) -> None:
        with self.store.database.write() as connection:
            if self.store.outbox.first_time(connection, event_id, at=datetime.now(UTC)):
                connection.execute(sa.insert(self.store.applied).values(number=event.number))


CLASSES = {cls.name: cls for cls in (Echo, Asker, Counter)}

if __name__ == "__main__":
    relays = [RelaySpec("teller", os.environ["STORE"])] if "STORE" in os.environ else []
    classes = [CLASSES[name] for name in sys.argv[1:]]
    sys.exit(serve(classes, BusSettings.from_environment(os.environ), relays=relays))
