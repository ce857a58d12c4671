"""governance over the bus."""

from collections.abc import Sequence

import structlog

from shared.contracts.governance import Verdict
from shared.kernel.faults import Fault, Unavailable
from shared.messaging.calling import RpcCaller
from shared.observability.metrics import counter

BULK = "governance_bulk"
INTERACTIVE = "governance"

_log = structlog.get_logger(__name__)
_rechecked = counter("banyan_contacts_rechecked", "Contacts asked about again before dispatch", ("verdict",))
_unanswered = counter("banyan_rechecks_unanswered", "Times governance did not answer, so that nothing was sent")


class RemoteGovernance:
    """Port `Governance`; `service` says which pool is asked: the runner asks the bulk one, screens the interactive.

    While it is silent one at a time waits for it, so that screens that ask again and again do not occupy every worker
    of this service: outcomes can be recorded meanwhile.
    """

    def __init__(self, caller: RpcCaller, service: str, seconds: float) -> None:
        self._caller, self._service, self._seconds = caller, service, seconds
        self._waiting, self._is_silent = 0, False

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        """Ask whether these reservations may still be used; raises Unavailable, or what governance reports."""
        if self._is_silent and self._waiting:
            raise Unavailable(f"{self._service} does not answer; it is being asked already")
        self._waiting += 1
        try:
            verdicts = self._asked(contact_ids)
            self._is_silent = False
        except Unavailable:
            self._is_silent = True
            raise
        finally:
            self._waiting -= 1
        for verdict in verdicts:
            _rechecked.labels(verdict.verdict).inc()
        return verdicts

    def _asked(self, contact_ids: Sequence[str]) -> list[Verdict]:
        asked = {"contact_ids": list(contact_ids)}
        try:
            return self._caller.call(self._service, "recheck", asked, list[Verdict], self._seconds)
        except Fault as fault:
            _unanswered.inc()
            _log.warning("recheck_unanswered", contacts=len(contact_ids), code=fault.code, message=fault.message)
            raise
