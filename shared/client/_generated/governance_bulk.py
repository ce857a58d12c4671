"""The methods of `governance_bulk`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_governance import (
    ContactRequest,
    ContactState,
    ListEntry,
    ListPage,
    Pruned,
    Verdict,
)
from .of_health import Health
from .of_wire import ListName


class GovernanceBulk(Container):
    """Many items a call, and what other services tell."""

    name = "governance_bulk"

    def check(self, *, requests: list[ContactRequest], **options: Unpack[CallOptions]) -> list[Verdict]:
        """Return what `reserve` would say."""
        told: list[Verdict] = self._call("check", {"requests": requests}, options)
        return told

    def confirm(self, *, contact_ids: list[str], **options: Unpack[CallOptions]) -> list[ContactState]:
        """Note that contacts took place now."""
        told: list[ContactState] = self._call("confirm", {"contact_ids": contact_ids}, options)
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

    def list_read(
        self,
        *,
        list: ListName,  # noqa: A002 - the contract's name
        after: str,
        limit: int,
        customer_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> ListPage:
        """Return a page of a list, or of one subscriber's entries on it."""
        told: ListPage = self._call(
            "list_read", {"list": list, "after": after, "limit": limit, "customer_id": customer_id}, options
        )
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

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def prune(self, **options: Unpack[CallOptions]) -> Pruned:
        """Delete a part of what is old enough to go."""
        told: Pruned = self._call("prune", {}, options)
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

    def screen(self, *, requests: list[ContactRequest], **options: Unpack[CallOptions]) -> list[Verdict]:
        """Return verdicts by list effects alone."""
        told: list[Verdict] = self._call("screen", {"requests": requests}, options)
        return told
