"""What the use cases need from outside; moments are microseconds since 1970 UTC."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from services.governance.application.kept import AuditRow, Evidence, Issued, ListKey, OutcomeRow, Outstanding, Stamp
from services.governance.application.privacy_ports import Privacy, Pseudonyms
from services.governance.domain.checks import Bucket
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark
from services.governance.domain.decisions import Decision, Finding
from services.governance.domain.lifecycle import LedgerEntry
from services.governance.domain.limits import CapacityCheck
from services.governance.domain.overrides import OverrideEntry
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.tallies import Counting, Tally
from shared.contracts.governance import ListedEntry, ListEntry
from shared.contracts.wire import ListName
from shared.rulekit.model import RuleBook


@dataclass(frozen=True, slots=True)
class Need:
    """What a transaction is about to read and change, so that everything it needs is locked before it begins."""

    policies: PolicySet
    now: int
    customers: Sequence[str] = ()
    buckets: frozenset[Bucket] = frozenset()
    touches_lists: bool = False


class Ledger(Protocol):
    """Contacts and verdicts."""

    def newest_decision(self) -> int:
        """Return when the newest decision of any process was made; 0 if there is none."""
        ...

    def issued(self, contact_ids: Sequence[str]) -> Mapping[str, Issued]:
        """Return the first verdicts of those contacts that have one."""
        ...

    def live(self, customers: Sequence[str], since: int, now: int) -> Mapping[str, list[Contact]]:
        """Return live contacts by customer that are planned, or took place, at or after `since`."""
        ...

    def tallies(
        self, asked: Sequence[Contact], counted: Sequence[Counting], reach: int, now: int
    ) -> Mapping[int, Tally | None]:
        """Return tallies by place among `asked`; None where a plain count does not tell, no entry where none counts."""
        ...

    def record(
        self,
        decisions: Sequence[Decision],
        policies: PolicySet,
        now: int,
        marks: Sequence[ListMark] = (),
        overrides: Sequence[OverrideMark] = (),
    ) -> None:
        """Store new verdicts as one batch with the list entries they were judged by; permits become reservations."""
        ...

    def put(self, entries: Sequence[LedgerEntry]) -> frozenset[str]:
        """Overwrite state, moments and flags of contacts in the ledger; return those that have left it meanwhile."""
        ...

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Add contacts that took place without a reservation; those already there stay as they are."""
        ...

    def of_customer(self, customer_id: str, limit: int) -> list[Issued]:
        """Return the subscriber's newest verdicts, newest first."""
        ...

    def stamps(self, decisions: Sequence[int]) -> Mapping[int, Stamp]:
        """Return when and under which rules those batches were decided."""
        ...


class Reservations(Protocol):
    """Permitted contacts, as `recheck` looks at them."""

    def read(self, contact_ids: Sequence[str], policies: PolicySet, now: int) -> Mapping[str, Outstanding]:
        """Return those of the contacts that were permitted, or took place, by contact id."""
        ...

    def note_withdrawn(self, findings: Mapping[str, Sequence[Finding]]) -> None:
        """Keep why reservations were taken back, by contact id."""
        ...


class Evidences(Protocol):
    """What verdicts were judged by, for their receipts."""

    def of(self, issued: Sequence[Issued], reach: int, kinds: frozenset[str]) -> list[Evidence]:
        """Return the evidence of each verdict; outcomes of the kinds named, at most `reach` before the contact."""
        ...


class Lists(Protocol):
    """Who is on which list."""

    def marks(self, customers: Sequence[str]) -> Mapping[str, list[ListMark]]:
        """Return list entries by customer."""
        ...

    def page(
        self, list_name: ListName, after: ListKey | None, limit: int, customer_id: str | None = None
    ) -> list[ListedEntry]:
        """Return entries after a key, in order of theirs; of one subscriber alone where one is named."""
        ...

    def put(self, list_name: ListName, entries: Sequence[ListEntry], at: int) -> None:
        """Put subscribers on a list; the same subscriber, channel and category again replaces the entry."""
        ...

    def remove(self, list_name: ListName, customers: Sequence[str]) -> list[str]:
        """Take all entries of those subscribers off a list; return who was on it."""
        ...


class Outcomes(Protocol):
    """What came of contacts."""

    def marks(self, customers: Sequence[str], named: frozenset[str], since: int) -> Mapping[str, list[OutcomeMark]]:
        """Return outcomes of the named kinds by customer, at or after `since`."""
        ...

    def of_customer(self, customer_id: str, limit: int) -> list[OutcomeRow]:
        """Return what came of the subscriber's contacts, newest first."""
        ...

    def add(self, rows: Sequence[OutcomeRow]) -> None:
        """Keep outcomes; one already kept stays as it is."""
        ...


class Overrides(Protocol):
    """Who may be contacted although a list says no."""

    def marks(self, customers: Sequence[str], since: int) -> Mapping[str, list[OverrideMark]]:
        """Return what is approved and not withdrawn by customer, unless it ends at or before `since`."""
        ...

    def find(self, override_id: str) -> OverrideEntry | None:
        """Return one override, whatever became of it."""
        ...

    def put(self, entry: OverrideEntry) -> None:
        """Keep an override as it stands now."""
        ...

    def of_customer(self, customer_id: str, limit: int) -> list[OverrideEntry]:
        """Return the subscriber's overrides, the newest proposal first."""
        ...


class Audit(Protocol):
    """Who did what about subscribers; notes are only ever added."""

    def note(self, rows: Sequence[AuditRow]) -> None:
        """Add notes."""
        ...

    def of_customer(self, customer_id: str, limit: int) -> list[AuditRow]:
        """Return the subscriber's newest notes, newest first."""
        ...


class Capacity(Protocol):
    """The operator's counters per policy and hour or day."""

    def used(
        self, checks: Sequence[CapacityCheck], since: int, wanted: Mapping[Bucket, int], now: int
    ) -> Mapping[Bucket, int]:
        """Return the counters of all buckets from the one that holds `since` on; exact for those in `wanted`."""
        ...

    def save(self, used: Mapping[Bucket, int], lapsing: Mapping[Bucket, int]) -> None:
        """Set counters; `lapsing` says when the earliest of the new reservations of a bucket lapses."""
        ...

    def give_back(self, freed: Mapping[Bucket, int]) -> None:
        """Lower counters by released reservations."""
        ...

    def holding(self, policies: PolicySet, buckets: frozenset[Bucket]) -> frozenset[Bucket]:
        """Return those of the counters that, kept under these policies, are within their limit."""
        ...

    def distrust(self, buckets: frozenset[Bucket]) -> None:
        """Have the buckets counted anew from the ledger before they are used again."""
        ...


class Unit(Protocol):
    """One transaction."""

    @property
    def ledger(self) -> Ledger: ...  # noqa: D102 - see the port
    @property
    def reservations(self) -> Reservations: ...  # noqa: D102 - see the port
    @property
    def evidence(self) -> Evidences: ...  # noqa: D102 - see the port
    @property
    def lists(self) -> Lists: ...  # noqa: D102 - its type says what it is
    @property
    def outcomes(self) -> Outcomes: ...  # noqa: D102 - its type says what it is
    @property
    def capacity(self) -> Capacity: ...  # noqa: D102 - its type says what it is
    @property
    def pseudonyms(self) -> Pseudonyms: ...  # noqa: D102 - see the port
    @property
    def privacy(self) -> Privacy: ...  # noqa: D102 - see the port
    @property
    def overrides(self) -> Overrides: ...  # noqa: D102 - its type says what it is
    @property
    def audit(self) -> Audit: ...  # noqa: D102 - its type says what it is

    def first_time(self, event_id: str, at: int) -> bool:
        """Note an arriving event; False when it was applied before."""
        ...

    def publish(self, event_type: str, event: msgspec.Struct, key: str, at: int) -> None:
        """Tell an event when the transaction commits."""
        ...


class Store(Protocol):
    """Opens transactions; raises Unavailable when the database does not answer."""

    def write(self, need: Need) -> AbstractContextManager[Unit]:
        """Lock what `need` names, then open a transaction that commits at the end of the block."""
        ...

    def read(self) -> AbstractContextManager[Unit]:
        """Open a transaction that changes nothing."""
        ...


class RuleSource(Protocol):
    """Where the rules come from."""

    def current(self) -> RuleBook:
        """Return the rule book in force; raises RuleFaults when there never was a sound one."""
        ...
