"""The decorators of a service class: `@rpc`, `@event`, `@every`, and `Pingable` for its health and the roll call.

    class Governance(Pingable):
        name = "governance"
        deps = Dependencies()

        @rpc
        def reserve(self, requests: list[ContactRequest]) -> list[Verdict]: ...

        @event("channels", "contacts_sent")
        def on_contacts_sent(self, event_id: str, event: ContactsSent) -> None: ...

        @every(60)
        def sweep(self) -> None: ...

The same decorators serve `<name>` and `<name>_bulk`. `max_workers = 4` in the class bounds its pool of workers.
"""

from collections.abc import Callable
from typing import Any

import structlog
from nameko.timer import Timer

from shared.messaging.container import TIMERS_KEY
from shared.messaging.event_entrypoint import EventHandler
from shared.messaging.health import Health, Pulse
from shared.messaging.roll_call_answering import RollCall
from shared.messaging.rpc_entrypoint import Rpc
from shared.messaging.watched import OK, Watched

_log = structlog.get_logger(__name__)


class Every(Timer):
    """Calls a method every so many seconds, in every replica: the method itself takes the lock in the database.

    An embedded bus does not run timers unless told to: under a steered clock whoever steers it says when.
    """

    def setup(self) -> None:
        """Prepare what is told of it."""
        super().setup()
        self.watched = Watched.timer(self.container.service_name, self.method_name)

    def start(self) -> None:
        """Begin to tick."""
        if self.container.config.get(TIMERS_KEY, True):
            super().start()

    def stop(self) -> None:
        """Tick no more, and wait for the tick under way."""
        if self.gt is not None:
            super().stop()

    def kill(self) -> None:
        """Tick no more."""
        if self.gt is not None:
            super().kill()

    def handle_result(self, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:  # noqa: ANN401 - nameko's
        """Log a failure; the next tick tries again."""
        if exc_info is not None:
            _log.error("timer_failed", method=self.method_name, exc_info=exc_info)
        self.watched.ended(worker_ctx, OK if exc_info is None else "failed")
        super().handle_result(worker_ctx, result, exc_info)
        return result, exc_info


F = Callable[..., Any]


def rpc(method: F) -> F:
    """Expose a method as RPC `<service>.<method>`; its annotations are the contract."""
    return Rpc.decorator(method)  # type: ignore[no-any-return]  # nameko is untyped


def event(source_service: str, event_type: str) -> Callable[[F], F]:
    """Call a method(self, event_id: str, event: Struct) for each such event; at least once, in no fixed order."""
    return EventHandler.decorator(source_service, event_type)  # type: ignore[no-any-return]  # nameko is untyped


def every(seconds: float) -> Callable[[F], F]:
    """Call a method without arguments every so many seconds; the first time after that span."""
    return Every.decorator(interval=seconds)  # type: ignore[no-any-return]  # nameko is untyped


class Pingable:
    """Gives a service class the RPC `ping`: an answer shows that broker, container and a worker are alive.

    And a place in the roll call: each of its replicas tells which rule set it runs.
    """

    pulse = Pulse()
    roll_call = RollCall()

    @rpc
    def ping(self) -> Health:
        """Tell who answers and when."""
        return self.pulse.now()
