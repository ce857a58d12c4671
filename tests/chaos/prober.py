"""An outsider that keeps asking every container something only its database knows; it knows when all answer again."""

import threading
import time
from types import TracebackType
from typing import Self

from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient

RECOVERY_SECONDS = 30.0
QUESTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "customer_view": ("get_customer", {"customer_id": "nobody"}),
    "customer_view_bulk": ("audience_page", {"audience_id": "none", "after": "", "limit": 1}),
    "catalogue": ("get_offering", {"offering_id": "none"}),
    "catalogue_bulk": ("upsert_offerings", {"offerings": []}),
    "governance": ("history", {"customer_id": "nobody"}),
    "governance_bulk": ("list_read", {"list": "black", "after": "", "limit": 1}),
    "channels": ("worklist", {"channel": "hall", "limit": 1}),
    "channels_bulk": ("dispatch", {"orders": []}),
    "campaigns": ("status", {"campaign_id": "none"}),
    "campaigns_bulk": ("contacts_page", {"after": "", "limit": 1}),
}
"""One per container; that there is no such thing is an answer, too."""
_NO_ANSWER = frozenset({"unavailable", "expired", "internal_fault"})
_PATIENCE = 10.0  # what callers have who wait in line with a thousand others
_PAUSE = 0.25


class Prober:
    """Asks all containers in rounds, in a thread of its own."""

    def __init__(self, amqp_url: str) -> None:
        self._client = BanyanClient(amqp_url, name="chaos prober")
        self._stopping = threading.Event()
        self._rounds: list[tuple[float, float, frozenset[str]]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def recovered_after(self, since: float, patience: float = 120.0) -> float | None:
        """Return after how many seconds all containers answered one round of questions; None when they never did."""
        while time.monotonic() < since + patience:
            for begun, ended, silent in list(self._rounds):
                if begun >= since and not silent:
                    return ended - since
            time.sleep(_PAUSE)
        return None

    def silent(self) -> frozenset[str]:
        """Name the containers that did not answer in the last round."""
        return self._rounds[-1][2] if self._rounds else frozenset(QUESTIONS)

    def longest_round(self, since: float) -> float:
        """Return how long the slowest round since then took in which everybody answered, in seconds."""
        return max((ended - begun for begun, ended, silent in self._rounds if begun >= since and not silent), default=0)

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE):
            begun = time.monotonic()
            try:
                calls = [(name, *question) for name, question in QUESTIONS.items()]
                answers = self._client.call_many(calls, timeout=_PATIENCE)
                silent = {name for name, one in zip(QUESTIONS, answers, strict=True) if _is_silence(one)}
            except Fault:
                silent = set(QUESTIONS)
            self._rounds.append((begun, time.monotonic(), frozenset(silent)))


def _is_silence(answer: object) -> bool:
    return isinstance(answer, Fault) and answer.code in _NO_ANSWER
