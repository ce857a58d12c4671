"""The operator's counters in SQL: kept by each batch, counted anew from the ledger where they may be too high."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import capacity_counter, contact, counted_rules, covered, live_at
from services.governance.domain.calendar import END_OF_TIME, span_of
from services.governance.domain.checks import FOREVER, Bucket
from services.governance.domain.instants import DAY, QUARTER
from services.governance.domain.limits import CapacityCheck
from services.governance.domain.policy_set import PolicySet
from shared.kernel.identity import derive_id

COUNTED_BACK = 10 * DAY
"""Longer than any reservation lives, so that no bucket before it can be asked for."""
_BEFORE_ALL = 0
_Count = tuple[int, int]  # used, earliest lapse
_KEY = (capacity_counter.c.rule_id, capacity_counter.c.starts_at)


class SqlCapacity:
    """Counters in the table `capacity_counter`; those written are locked by the transaction."""

    def __init__(self, connection: Connection, kept_under: str) -> None:
        """`kept_under` names the policies that the counters are kept under (see `fingerprint_of`)."""
        self._connection, self._kept_under = connection, kept_under
        self._lapsing: dict[Bucket, int] = {}
        self._recounted: set[Bucket] = set()

    def used(
        self, checks: Sequence[CapacityCheck], since: int, wanted: Mapping[Bucket, int], now: int
    ) -> Mapping[Bucket, int]:
        """Return the counters of all buckets from the one that holds `since` on; exact for those in `wanted`."""
        if not checks:
            return {}
        if self._kept_under != fingerprint_of(checks):
            return self._from_ledger(checks, since, wanted, now)
        used: dict[Bucket, int] = {}
        for check in checks:
            stored = self._stored(check, since)
            doubtful = {
                bucket[1]
                for bucket, (count, recount_at) in stored.items()
                if recount_at == 0 or (recount_at <= now and count + max(wanted.get(bucket, 0), 1) > check.limit)
            }
            recounted = self._recount(check, doubtful, now)
            self._recounted |= recounted.keys() & wanted.keys()
            for bucket, (count, recount_at) in (stored | recounted).items():
                used[bucket], self._lapsing[bucket] = count, recount_at
        return used

    def save(self, used: Mapping[Bucket, int], lapsing: Mapping[Bucket, int]) -> None:
        """Set counters that changed; `lapsing` says when the earliest of a bucket's new reservations lapses."""
        self._save(
            {
                bucket: (used[bucket], min(lapsing.get(bucket, FOREVER), self._lapsing.get(bucket, FOREVER)))
                for bucket in lapsing.keys() | self._recounted
            }
        )

    def give_back(self, freed: Mapping[Bucket, int]) -> None:
        """Lower counters by released reservations."""
        for (rule_id, start), count in freed.items():
            row = sa.update(capacity_counter).where(_KEY[0] == rule_id, _KEY[1] == start)
            self._connection.execute(row.values(used=capacity_counter.c.used - count))

    def holding(self, policies: PolicySet, buckets: Iterable[Bucket]) -> frozenset[Bucket]:
        """Return those of the counters that, kept under these policies, are within their limit."""
        wanted = frozenset(buckets)
        if not wanted:
            return frozenset()
        is_kept_so = sa.exists().where(counted_rules.c.fingerprint == fingerprint_of(policies.capacity))
        limits = {check.policy.rule_id: check.limit for check in policies.capacity}
        counter = capacity_counter.c
        query = sa.select(counter.rule_id, counter.starts_at, counter.used).where(
            counter.starts_at.in_(sorted({start for _, start in wanted})), counter.recount_at != 0, is_kept_so
        )
        return wanted & {
            (rule_id, start)
            for rule_id, start, used in self._connection.execute(query)
            if rule_id in limits and used <= limits[rule_id]
        }

    def distrust(self, buckets: Iterable[Bucket]) -> None:
        """Have the buckets counted anew from the ledger before they are used again."""
        self._save(dict.fromkeys(buckets, (0, 0)))

    def start_anew(self, checks: Sequence[CapacityCheck], now: int) -> None:
        """Count all buckets that may be asked for under changed policies; the caller has shut out all other writers.

        Lapsed reservations are counted, too, with the moment they lapsed: which of them have is for a decision to say,
        whose moment all processes know afterwards, and not for this process's clock, which may be ahead.
        """
        self._connection.execute(sa.delete(capacity_counter))
        self._kept_under = fingerprint_of(checks)
        self._connection.execute(sa.update(counted_rules).values(fingerprint=self._kept_under))
        for check in checks:
            self._save(self._counted(check, now - COUNTED_BACK, FOREVER, _BEFORE_ALL))

    def _from_ledger(
        self, checks: Sequence[CapacityCheck], since: int, wanted: Mapping[Bucket, int], now: int
    ) -> dict[Bucket, int]:
        """Count for a reader who comes before the first writer under changed policies; nothing is kept.

        Only for policies that concern a request, and as far back as that writer will; but all hours or days ahead,
        since the next one with room is told as well.
        """
        concerned = {rule_id for rule_id, _ in wanted}
        used: dict[Bucket, int] = {}
        for check in checks:
            if check.policy.rule_id in concerned:
                counted = self._counted(check, check.bucket(max(since, now - COUNTED_BACK))[1], FOREVER, now)
                used |= {bucket: count for bucket, (count, _) in counted.items()}
        return used

    def _stored(self, check: CapacityCheck, since: int) -> dict[Bucket, _Count]:
        rule_id, start = check.bucket(since)
        counter = capacity_counter.c
        query = sa.select(counter.starts_at, counter.used, counter.recount_at).where(
            counter.rule_id == rule_id, counter.starts_at >= start
        )
        return {(rule_id, begin): (used, recount_at) for begin, used, recount_at in self._connection.execute(query)}

    def _recount(self, check: CapacityCheck, starts: set[int], now: int) -> dict[Bucket, _Count]:
        if not starts:
            return {}
        rule_id, end = check.policy.rule_id, span_of(check.policy.unit, check.policy.zone, max(starts))[1]
        counted = self._counted(check, min(starts), end, now)
        return {(rule_id, start): counted.get((rule_id, start), (0, FOREVER)) for start in starts}

    def _counted(self, check: CapacityCheck, since: int, until: int, now: int) -> dict[Bucket, _Count]:
        """Count live contacts; by quarter of an hour in SQL, which every hour and day of every zone is made of."""
        width = sa.literal_column(str(QUARTER), sa.BigInteger)  # no parameter: PostgreSQL must see it is the same twice
        quarter = contact.c.planned_at - contact.c.planned_at % width
        lapses = sa.func.min(sa.case((contact.c.state == "reserved", contact.c.expires_at), else_=FOREVER))
        query = (
            sa.select(quarter, sa.func.count(), lapses)
            .where(
                contact.c.planned_at >= since,
                contact.c.planned_at < min(until, END_OF_TIME),  # one that took place unasked may name any time
                live_at(now),
                *covered(check.policy.scope),
            )
            .group_by(quarter)
        )
        counted: dict[Bucket, _Count] = defaultdict(lambda: (0, FOREVER))
        for moment, count, lapse in self._connection.execute(query):
            bucket = check.bucket(moment)
            counted[bucket] = counted[bucket][0] + count, min(counted[bucket][1], lapse)
        return dict(counted)

    def _save(self, counts: Mapping[Bucket, _Count]) -> None:
        rows = [
            {"rule_id": rule_id, "starts_at": start, "used": used, "recount_at": recount_at}
            for (rule_id, start), (used, recount_at) in sorted(counts.items())
        ]
        if not rows:
            return
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(capacity_counter)
        new = statement.excluded
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=_KEY, set_={"used": new.used, "recount_at": new.recount_at}),
            rows,
        )


def fingerprint_of(checks: Sequence[CapacityCheck]) -> str:
    """Return a name for the capacity policies as they stand; equal policies have equal names."""
    return derive_id(*(f"{check.policy.rule_id}@{check.policy.version}" for check in checks))
