"""The stock echo's twin on our own entrypoints: served as the services are, settings from the environment."""

from shared.messaging.green import go_green

go_green()

import os  # noqa: E402 - eventlet comes first
import sys  # noqa: E402 - eventlet comes first

from shared.messaging.entrypoints import Pingable, rpc  # noqa: E402 - eventlet comes first
from shared.messaging.serving import serve  # noqa: E402 - eventlet comes first
from shared.messaging.settings import BusSettings  # noqa: E402 - eventlet comes first

_ROUNDS = 40_000


class HardenedEcho(Pingable):
    """Returns what it is given, and works for a while if asked to."""

    name = "hardened_echo"

    @rpc
    def echo(self, customer_id: str, channel: str, context: dict[str, object]) -> dict[str, object]:
        """Return the arguments."""
        return {"customer_id": customer_id, "channel": channel, "context": context}

    @rpc
    def work(self, number: int) -> int:
        """Keep one core busy for some milliseconds, as a decision does."""
        for step in range(_ROUNDS):
            number = (number * 31 + step) % 1_000_003
        return number


if __name__ == "__main__":
    sys.exit(serve([HardenedEcho], BusSettings.from_environment(os.environ)))
