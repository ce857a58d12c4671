"""What the use cases need of replicas, kept answers, counts, inbox and outbox; part of a `Transaction`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from services.campaigns.domain.advice import Place
from services.campaigns.domain.offering import Offering
from shared.contracts.campaigns import FunnelStage, Recommendation
from shared.contracts.customer_view import Customer
from shared.contracts.decisions import RecordedDecision, RecordedScene


class Replicas(Protocol):
    """What other services own, as their events told it."""

    def put_customers(self, customers: Sequence[Customer]) -> None:
        """Keep snapshots and holdings; of several only the newest `changed_at` wins."""
        ...

    def customer(self, customer_id: str) -> Customer | None:
        """Return one subscriber's snapshot."""
        ...

    def put_offerings(self, offerings: Sequence[Offering]) -> None:
        """Keep offerings as they now stand."""
        ...

    def offerings(self) -> Mapping[str, Offering]:
        """Return the whole catalogue, by id."""
        ...

    def put_list(self, list_name: str, put: Sequence[str], removed: Sequence[str], at: datetime) -> None:
        """Keep who is on a list; an older message cannot undo a newer one."""
        ...

    def lists_of(self, customer_id: str) -> frozenset[str]:
        """Return the lists one subscriber is on."""
        ...


class Firings(Protocol):
    """Triggers that fired, as customer_view told it."""

    def put(self, firings: Sequence[tuple[str, str]], at: datetime) -> None:
        """Keep (trigger, subscriber) that fired at an instant."""
        ...

    def newcomers(
        self, triggers: Mapping[tuple[str, str], str], moment: datetime
    ) -> Mapping[tuple[str, str], tuple[datetime, datetime]]:
        """Return the first and last instant at which a phase's trigger fired for who is not in the phase.

        `triggers` names the trigger of each (campaign, phase); it counts from the phase's start to `moment`.
        """
        ...

    def forget(self, moment: datetime) -> None:
        """Delete what fired before any phase that is not over; before `moment` when all are."""
        ...


class Advice(Protocol):
    """What advice reads and keeps."""

    def answers(self, request_ids: Sequence[str]) -> Mapping[str, Recommendation]:
        """Return the answers given to these requests before, by request."""
        ...

    def customers(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Return snapshots by subscriber; unknown ones are left out."""
        ...

    def places(self, customer_ids: Sequence[str]) -> list[Place]:
        """Return the places in open phases of live campaigns, in order of subscriber, campaign and phase."""
        ...

    def keep(self, requests: Sequence[tuple[str, str]], answers: Mapping[str, Recommendation], at: datetime) -> None:
        """Keep the answers to requests (id, channel); the first answer to a request stands."""
        ...


class Decisions(Protocol):
    """Decisions on record."""

    def keep(self, decisions: Sequence[RecordedDecision]) -> None:
        """Put decisions on record; one already there stays as it is."""
        ...

    def keep_scene(self, scene: RecordedScene, at: datetime) -> None:
        """Keep what decisions refer to, and note that it is in use."""
        ...

    def page(self, after: tuple[datetime, str], limit: int) -> list[RecordedDecision]:
        """Return decisions after an instant and a request, in this order."""
        ...

    def scenes(self, names: Collection[str]) -> list[RecordedScene]:
        """Return scenes by name, in order of name."""
        ...

    def forget(self, before: datetime, most: int) -> int:
        """Delete the oldest decisions made before an instant, at most so many; return how many."""
        ...

    def forget_scenes(self, before: datetime) -> None:
        """Delete the scenes that no decision made since an instant refers to."""
        ...


class Figures(Protocol):
    """Counts over candidates and contacts, each one statement."""

    def funnel(self, campaign_id: str) -> dict[FunnelStage, int]:
        """Count subscribers per stage of the funnel."""
        ...


class Events(Protocol):
    """Inbox and outbox, in the transaction at hand."""

    def first_time(self, event_id: str, at: datetime) -> bool:
        """Note an arriving event; False when it was applied before."""
        ...

    def tell(self, event_type: str, event: msgspec.Struct, *, at: datetime, key: str) -> None:
        """Store an event to be published."""
        ...
