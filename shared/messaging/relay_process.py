"""`python -m shared.messaging.relay_process <service>`: relays one outbox until its stdin closes.

Reads BANYAN_AMQP_URL and BANYAN_DATABASE_URL (which may hold `{service}`). Started by `serve`; pika alone, no eventlet.
"""

import os
import sys
import threading

import sqlalchemy as sa
import structlog

from shared.kernel.faults import Unavailable
from shared.messaging.pika_publisher import PikaPublisher
from shared.messaging.relay import BATCH, EventPublisher, OutboxSource, Relay
from shared.observability.logging import configure_logging
from shared.persistence.database import Database

_BRIEF, _LONG = 0.01, 0.25
_TROUBLE = 2.0
_log = structlog.get_logger(__name__)


def run(relay: Relay, stopping: threading.Event) -> None:
    """Pump until told to stop: at once after a full batch, ever less often while nothing happens."""
    pause = _BRIEF
    while not stopping.is_set():
        try:
            moved = relay.pump()
        except (Unavailable, sa.exc.DBAPIError) as fault:
            _log.warning("relay_waits", error=str(fault), retry_seconds=_TROUBLE)
            stopping.wait(_TROUBLE)
            continue
        if moved < BATCH:
            pause = _BRIEF if moved else min(pause * 2, _LONG)
            stopping.wait(pause)


def main() -> int:
    """Run as a child process."""
    service = sys.argv[1]
    configure_logging(os.environ.get("BANYAN_LOG", "json"), service=f"{service} relay")
    database = Database(os.environ["BANYAN_DATABASE_URL"].replace("{service}", service), pool_size=2)
    publisher: EventPublisher = PikaPublisher(os.environ["BANYAN_AMQP_URL"], f"{service} relay")
    stopping = threading.Event()
    threading.Thread(target=_until_parent_is_gone, args=(stopping,), daemon=True).start()
    run(Relay(OutboxSource(service, database), publisher), stopping)
    return 0


def _until_parent_is_gone(stopping: threading.Event) -> None:
    """Wait for the end of stdin, which comes even when the parent is killed."""
    while os.read(0, 1024):
        pass
    stopping.set()


if __name__ == "__main__":
    sys.exit(main())
