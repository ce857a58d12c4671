"""The methods of `governance`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_governance import (
    AuditNote,
    ContactRequest,
    ContactState,
    Erasure,
    ListEntry,
    Override,
    OverrideProposal,
    Receipt,
    SubscriberRecord,
    Verdict,
)
from .of_health import Health
from .of_wire import ListName


class Governance(Container):
    """Few items a call, quickly answered."""

    name = "governance"

    def audit(self, *, customer_id: str, **options: Unpack[CallOptions]) -> list[AuditNote]:
        """Return who did what about a subscriber."""
        told: list[AuditNote] = self._call("audit", {"customer_id": customer_id}, options)
        return told

    def check(self, *, requests: list[ContactRequest], **options: Unpack[CallOptions]) -> list[Verdict]:
        """Return what `reserve` would say."""
        told: list[Verdict] = self._call("check", {"requests": requests}, options)
        return told

    def confirm(self, *, contact_ids: list[str], **options: Unpack[CallOptions]) -> list[ContactState]:
        """Note that contacts took place now."""
        told: list[ContactState] = self._call("confirm", {"contact_ids": contact_ids}, options)
        return told

    def explain(self, *, contact_id: str, **options: Unpack[CallOptions]) -> Receipt:
        """Return a contact's receipt."""
        told: Receipt = self._call("explain", {"contact_id": contact_id}, options)
        return told

    def history(self, *, customer_id: str, **options: Unpack[CallOptions]) -> list[Receipt]:
        """Return a subscriber's newest receipts."""
        told: list[Receipt] = self._call("history", {"customer_id": customer_id}, options)
        return told

    def list_put(
        self,
        *,
        list: ListName,  # noqa: A002 - the contract's name
        entries: list[ListEntry],
        **options: Unpack[CallOptions],
    ) -> int:
        """Put subscribers on a list."""
        told: int = self._call("list_put", {"list": list, "entries": entries}, options)
        return told

    def list_remove(
        self,
        *,
        list: ListName,  # noqa: A002 - the contract's name
        customer_ids: list[str],
        author: str = "",
        reason: str = "",
        **options: Unpack[CallOptions],
    ) -> int:
        """Take subscribers off a list."""
        told: int = self._call(
            "list_remove", {"list": list, "customer_ids": customer_ids, "author": author, "reason": reason}, options
        )
        return told

    def override_approve(self, *, override_id: str, author: str, **options: Unpack[CallOptions]) -> Override:
        """Put another person's proposal in force."""
        told: Override = self._call("override_approve", {"override_id": override_id, "author": author}, options)
        return told

    def override_propose(self, *, proposal: OverrideProposal, **options: Unpack[CallOptions]) -> Override:
        """Ask that a list effect be lifted for one subscriber."""
        told: Override = self._call("override_propose", {"proposal": proposal}, options)
        return told

    def override_withdraw(
        self, *, override_id: str, author: str, reason: str, **options: Unpack[CallOptions]
    ) -> Override:
        """Take a proposal back, or an override out of force."""
        told: Override = self._call(
            "override_withdraw", {"override_id": override_id, "author": author, "reason": reason}, options
        )
        return told

    def overrides(self, *, customer_id: str, **options: Unpack[CallOptions]) -> list[Override]:
        """Return a subscriber's overrides."""
        told: list[Override] = self._call("overrides", {"customer_id": customer_id}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def recheck(self, *, contact_ids: list[str], **options: Unpack[CallOptions]) -> list[Verdict]:
        """Return whether reservations may still be used."""
        told: list[Verdict] = self._call("recheck", {"contact_ids": contact_ids}, options)
        return told

    def release(self, *, contact_ids: list[str], reason: str, **options: Unpack[CallOptions]) -> list[ContactState]:
        """Give places back."""
        told: list[ContactState] = self._call("release", {"contact_ids": contact_ids, "reason": reason}, options)
        return told

    def reserve(self, *, requests: list[ContactRequest], **options: Unpack[CallOptions]) -> list[Verdict]:
        """Return a verdict for each request; permits are reserved."""
        told: list[Verdict] = self._call("reserve", {"requests": requests}, options)
        return told

    def subscriber_erase(
        self, *, customer_id: str, author: str, reason: str, **options: Unpack[CallOptions]
    ) -> Erasure:
        """Keep a subscriber's rows under a pseudonym from now on."""
        told: Erasure = self._call(
            "subscriber_erase", {"customer_id": customer_id, "author": author, "reason": reason}, options
        )
        return told

    def subscriber_export(self, *, customer_id: str, author: str, **options: Unpack[CallOptions]) -> SubscriberRecord:
        """Return everything held about a subscriber."""
        told: SubscriberRecord = self._call(
            "subscriber_export", {"customer_id": customer_id, "author": author}, options
        )
        return told
