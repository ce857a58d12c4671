"""Who answers: every container of every service by RPC, every replica by the roll call."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from services.workbench.registry import CONTAINERS
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from shared.messaging.roll_call_asking import Roll, call_roll
from shared.messaging.settings import BusSettings
from tests.compose.stack import Stack, wait_until

_PATIENCE = 3.0


def answers(stack: Stack, containers: Sequence[str] = CONTAINERS) -> list[str]:
    """Return who did not answer a ping, or answered that its database does not: empty when all are well."""
    silent = []
    try:
        with BanyanClient(stack.amqp_url()) as client:
            for container in containers:
                try:
                    health = client.call(container, "ping", timeout=_PATIENCE)
                except Fault as fault:
                    silent.append(f"{container}: {fault.code}")
                else:
                    if health.get("database") is False:
                        silent.append(f"{container}: no database")
    except Fault as fault:
        return [f"the bus: {fault.message}"]
    return silent


def roll(stack: Stack) -> Roll:
    """Call the roll as the operator does."""
    settings = BusSettings.from_environment({"BANYAN_AMQP_URL": stack.amqp_url(), "BANYAN_QUEUE_TYPE": "quorum"})
    return call_roll(settings, CONTAINERS, patience=10.0)


class Blow:
    """A container killed a moment from now, while work goes on; measures until it is back and until all answer."""

    def __init__(self, stack: Stack, service: str, after: float = 0.4) -> None:
        """Begin at once, in a thread."""
        self.service = service
        self.back_after: float | None = None
        """Seconds from the kill until the container ran again, and its server took connections."""
        self.answered_after: float | None = None
        """Seconds from then until all services answered; None: they did not in time."""
        self.complaint = ""
        self._stack, self._after = stack, after
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until it is over."""
        self._thread.join(300)

    def _run(self) -> None:
        time.sleep(self._after)
        try:
            struck = self._stack.strike(self.service)
            self.back_after = wait_until(
                lambda: self._is_back(struck), 120, lambda: f"{self.service} did not come back"
            )
            silent: list[str] = ["nobody was asked"]

            def all_answer() -> bool:
                silent[:] = answers(self._stack)
                return not silent

            self.answered_after = wait_until(all_answer, 120, lambda: f"did not answer: {'; '.join(silent)}")
        except Exception as fault:  # noqa: BLE001 - told by who joins, whatever it was
            self.complaint = f"{type(fault).__name__}: {fault}"

    def _is_back(self, struck: int) -> bool:
        if not self._stack.is_back(self.service, struck):
            return False
        if self.service == "postgres":
            with suppress(Exception):
                return self._stack.query("catalogue", "SELECT 1") == [["1"]]
            return False
        if self.service == "rabbitmq":
            try:
                call_roll(BusSettings(amqp_url=self._stack.amqp_url()), (), patience=0.1)
            except Fault:
                return False
        return True
