"""When a quiet span that holds a moment ends."""

from datetime import datetime, time, timedelta

from services.governance.domain.instants import to_micros
from services.governance.domain.policies import QuietHours

_DAY_MINUTES = 24 * 60


def quiet_until(policy: QuietHours, local: datetime) -> int | None:
    """Return the end (microseconds) of the span that holds the wall-clock time `local`, or None outside all spans."""
    at = to_micros(local)
    minute = local.hour * 60 + local.minute
    ends = []
    for days_ago in (0, 1):
        day = local.date() - timedelta(days=days_ago)
        since_midnight = minute + days_ago * _DAY_MINUTES
        for span in (*policy.weekly[day.weekday()], *policy.holidays.get(day, ())):
            if span.start <= since_midnight < span.end:
                wall = datetime.combine(day, time(), local.tzinfo) + timedelta(minutes=span.end)
                end = to_micros(wall)
                # A clock set back shows the end twice; what counts is the one still to come.
                ends.append(end if end > at else to_micros(wall.replace(fold=1)))
    return max(ends, default=None)
