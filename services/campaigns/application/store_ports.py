"""What the use cases need of the store: one Protocol per subject, all in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from services.campaigns.application.replica_ports import Advice, Decisions, Events, Figures, Firings, Replicas
from services.campaigns.domain.candidate import CandidateState, Cause, Contact, Membership, ReadyCandidate
from services.campaigns.domain.case import Case
from services.campaigns.domain.conflicts import PastContact
from services.campaigns.domain.order import SalesOrder
from services.campaigns.domain.outcomes import CandidateMove
from services.campaigns.domain.pacing import Allotment
from services.campaigns.domain.phase import OpenPhase
from shared.contracts.customer_view import Audience
from shared.kernel.text import Text


class Cases(Protocol):
    """Campaign cases and their phases."""

    def get(self, campaign_id: str, *, lock: bool = False) -> Case | None:
        """Return a case, locked against other writers if asked."""
        ...

    def put(self, case: Case) -> None:
        """Store a case, its new history entries and, while it is a draft, its phases."""
        ...

    def live(self) -> list[Case]:
        """Return the live cases in order of id."""
        ...

    def resting(self, since: datetime) -> Mapping[str, Sequence[str]]:
        """Return who is paused or ended at or after `since`: by campaign, those its plan says it is like."""
        ...

    def many(self, campaign_ids: Iterable[str]) -> list[Case]:
        """Return the named cases, whatever their state, in order of id."""
        ...


class Phases(Protocol):
    """Phases as they are carried out."""

    def due(self, moment: datetime) -> list[OpenPhase]:
        """Return phases of live campaigns that wait, have begun and have not ended, in order of campaign and phase."""
        ...

    def open(self) -> list[OpenPhase]:
        """Return phases of live campaigns whose members are all judged."""
        ...

    def opening(self) -> list[OpenPhase]:
        """Return phases of live campaigns whose members are being judged."""
        ...

    def open_with(self, phase: OpenPhase, audience: Audience) -> None:
        """Note a frozen audience that is to be judged: a waiting phase is `opening`, an open one is `taking_in`."""
        ...

    def judged(self, phases: Sequence[OpenPhase], upto: str) -> None:
        """Note that all members up to this subscriber are judged."""
        ...

    def opened(self, phases: Sequence[OpenPhase]) -> None:
        """Note that all members are judged: the state becomes `open`."""
        ...

    def close_over(self, moment: datetime) -> list[str]:
        """Close phases that have ended, with their open candidates; return the campaigns with no phase left."""
        ...

    def ends(self) -> Mapping[tuple[str, str], datetime]:
        """Return the end of every open phase, those that take in newcomers included, by campaign and phase."""
        ...


class Candidates(Protocol):
    """Members of audiences and where each stands."""

    def of_customers(self, customer_ids: Sequence[str]) -> list[Membership]:
        """Return live candidates (ready, waiting, silent, accepted) and refusals of the given subscribers."""
        ...

    def present(self, phase: OpenPhase, customer_ids: Sequence[str]) -> frozenset[str]:
        """Return which of the subscribers are members of the phase already."""
        ...

    def add(self, memberships: Sequence[Membership]) -> None:
        """Insert judged members; those already there are left as they are."""
        ...

    def drop(self, memberships: Sequence[Membership]) -> None:
        """Store the fall of members that were ready before."""
        ...

    def count_ready(self, campaign_id: str, channel: str, moment: datetime, before: datetime, most: int) -> int:
        """Count, up to `most`, ready candidates due before an instant and not yet tried in the run of `moment`."""
        ...

    def ready(
        self,
        campaign_id: str,
        channel: str,
        moment: datetime,
        before: datetime,
        after: ReadyCandidate | None,
        limit: int,
    ) -> list[ReadyCandidate]:
        """Return the next ready candidates best first: by score, then draw, then subscriber."""
        ...

    def set_waiting(self, candidates: Sequence[ReadyCandidate], moment: datetime) -> None:
        """Note that a contact is permitted: what comes of it is awaited."""
        ...

    def postpone(self, candidates: Sequence[tuple[ReadyCandidate, datetime]], moment: datetime) -> None:
        """Note that a contact was suppressed: the next attempt is due at the instant given."""
        ...

    def give_up(self, candidates: Sequence[tuple[ReadyCandidate, tuple[Cause, ...]]], moment: datetime) -> None:
        """Note that no further attempt fits into the phase: dropped after limits, with the verdict's reasons."""
        ...

    def silent_due(self, moment: datetime, limit: int) -> list[ReadyCandidate]:
        """Return candidates whose silence is now consent, in order of subscriber, campaign and phase."""
        ...

    def advance(self, moves: Sequence[CandidateMove]) -> None:
        """Carry out what outcomes call for, set-based; only candidates that wait or are silent move."""
        ...

    def close(self, campaign_id: str) -> None:
        """Close the ready candidates of a campaign that was stopped."""
        ...

    def leave(self, pairs: Sequence[tuple[str, str]], state: CandidateState) -> None:
        """Take subscribers out of all phases of a campaign, because they refused or accepted it elsewhere."""
        ...


class Contacts(Protocol):
    """Contacts, permitted and suppressed."""

    def add(self, contacts: Sequence[Contact]) -> None:
        """Insert contacts; those already there are left as they are."""
        ...

    def add_new(self, contacts: Sequence[Contact]) -> None:
        """Insert the contacts of a batch of ready candidates; who is ready has no contact of this attempt yet."""
        ...

    def get(self, contact_id: str) -> Contact | None:
        """Return one contact."""
        ...

    def many(self, contact_ids: Sequence[str]) -> list[Contact]:
        """Return the known ones of these contacts, in order of id."""
        ...

    def reserved(self, after: str, limit: int) -> list[Contact]:
        """Return outbound contacts permitted but not yet handed to channels, in order of id."""
        ...

    def set_dispatched(self, contact_ids: Sequence[str]) -> None:
        """They are handed over: reserved becomes dispatched."""
        ...

    def set_sent(self, at: Mapping[str, datetime]) -> None:
        """They took place at these instants."""
        ...

    def set_failed(self, reasons: Mapping[str, str]) -> list[Contact]:
        """They will not take place; return those that were not failed before."""
        ...

    def set_answered(self, answers: Sequence[tuple[str, str, str, datetime]]) -> None:
        """(contact, outcome, detail, at): what came of them; the latest answer stands."""
        ...

    def recent(self, customer_ids: Sequence[str], since: datetime) -> list[PastContact]:
        """Return live contacts of the given subscribers planned since an instant."""
        ...

    def keep_scripts(self, scripts: Mapping[str, Text]) -> None:
        """Store the words said, by their derived id."""
        ...

    def scripts(self, script_ids: Iterable[str]) -> Mapping[str, Text]:
        """Return the words by their ids."""
        ...


class Allotments(Protocol):
    """What campaigns may plan per channel and day."""

    def of_run(self, moment: datetime) -> list[Allotment]:
        """Return the allotments granted by the run of this moment: a resumed run works on with them."""
        ...

    def used(self, campaign_ids: Sequence[str]) -> tuple[Mapping[tuple[str, str, date], int], Mapping[str, int]]:
        """Return contacts permitted by (campaign, channel, day), and fen spent by campaign."""
        ...

    def grant(self, allotments: Sequence[Allotment]) -> None:
        """Store new ones."""
        ...

    def save(self, allotments: Sequence[Allotment]) -> None:
        """Store how far they are used."""
        ...


class Orders(Protocol):
    """Accepted offers on their way through CRM and ISMP."""

    def add(self, orders: Sequence[SalesOrder]) -> None:
        """Insert orders; those already there are left as they are."""
        ...

    def open(self, moment: datetime, after: str, limit: int) -> list[SalesOrder]:
        """Return open orders that are due, in order of contact id."""
        ...

    def save(self, orders: Sequence[SalesOrder]) -> None:
        """Store state, tries, instants and fault."""
        ...

    def open_of(self, customer_ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return (subscriber, campaign, offering) of the open orders of the given subscribers."""
        ...


class Transaction(Protocol):
    """Everything stored, in one transaction."""

    @property
    def cases(self) -> Cases: ...  # noqa: D102 - each is described by its class
    @property
    def phases(self) -> Phases: ...  # noqa: D102 - its type says what it is
    @property
    def candidates(self) -> Candidates: ...  # noqa: D102 - its type says what it is
    @property
    def contacts(self) -> Contacts: ...  # noqa: D102 - its type says what it is
    @property
    def allotments(self) -> Allotments: ...  # noqa: D102 - its type says what it is
    @property
    def orders(self) -> Orders: ...  # noqa: D102 - its type says what it is
    @property
    def replicas(self) -> Replicas: ...  # noqa: D102 - its type says what it is
    @property
    def advice(self) -> Advice: ...  # noqa: D102 - its type says what it is
    @property
    def decisions(self) -> Decisions: ...  # noqa: D102 - its type says what it is
    @property
    def figures(self) -> Figures: ...  # noqa: D102 - its type says what it is
    @property
    def events(self) -> Events: ...  # noqa: D102 - its type says what it is
    @property
    def firings(self) -> Firings: ...  # noqa: D102 - its type says what it is


class Store(Protocol):
    """Opens transactions."""

    def write(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that commits at the end of the block and rolls back on any exception."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Open one for reading; nothing it does is kept."""
        ...

    def acquire(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or extend a lease; False while somebody else holds it."""
        ...

    def release(self, name: str, holder: str) -> None:
        """Give a lease back."""
        ...
