"""governance over the bus."""

from collections.abc import Sequence

from shared.contracts.governance import ContactRequest, ContactState, Verdict
from shared.messaging.calling import RpcCaller

BULK = "governance_bulk"
INTERACTIVE = "governance"
_SECONDS = 60.0


class RemoteGovernance:
    """Port `Governance`; `service` says which pool is asked: runs ask the bulk one, advice the interactive one."""

    def __init__(self, caller: RpcCaller, service: str = BULK, seconds: float = _SECONDS) -> None:
        self._caller = caller
        self._service = service
        self._seconds = seconds

    def screen(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Judge list effects only; nothing is stored. Only the bulk pool screens."""
        return self._caller.call(BULK, "screen", {"requests": requests}, list[Verdict], self._seconds)

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Ask for the right to make contacts; idempotent by contact id."""
        return self._caller.call(self._service, "reserve", {"requests": requests}, list[Verdict], self._seconds)

    def release(self, contact_ids: Sequence[str], reason: str) -> list[ContactState]:
        """Give back reservations that will not be used."""
        asked = {"contact_ids": list(contact_ids), "reason": reason}
        return self._caller.call(self._service, "release", asked, list[ContactState], self._seconds)
