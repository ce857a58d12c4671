"""governance over the bus."""

from collections.abc import Sequence

import structlog

from shared.contracts.governance import Verdict
from shared.kernel.faults import Fault
from shared.messaging.calling import RpcCaller
from shared.observability.metrics import counter

BULK = "governance_bulk"
INTERACTIVE = "governance"

_log = structlog.get_logger(__name__)
_rechecked = counter("banyan_contacts_rechecked", "Contacts asked about again before dispatch", ("verdict",))
_unanswered = counter("banyan_rechecks_unanswered", "Times governance did not answer, so that nothing was sent")


class RemoteGovernance:
    """Port `Governance`; `service` says which pool is asked: the runner asks the bulk one, screens the interactive."""

    def __init__(self, caller: RpcCaller, service: str, seconds: float) -> None:
        self._caller, self._service, self._seconds = caller, service, seconds

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        """Ask whether these reservations may still be used; raises Unavailable, or what governance reports."""
        asked = {"contact_ids": list(contact_ids)}
        try:
            verdicts = self._caller.call(self._service, "recheck", asked, list[Verdict], self._seconds)
        except Fault as fault:
            _unanswered.inc()
            _log.warning("recheck_unanswered", contacts=len(contact_ids), code=fault.code, message=fault.message)
            raise
        for verdict in verdicts:
            _rechecked.labels(verdict.verdict).inc()
        return verdicts
