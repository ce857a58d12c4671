"""When contacts of a day take place: a day's pace spread evenly over the hours in which people may be approached."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS = time(10)
CLOSES = time(19)
"""Local hours within which contacts are planned; governance has the last word on quiet hours."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """What one campaign may plan in one channel on one day; granted once per run and used up batch by batch."""

    campaign_id: str
    channel: str
    day: date
    granted_at: datetime
    opens_at: datetime
    closes_at: datetime
    total: int
    tried: int = 0
    permitted: int = 0
    spent_fen: int = 0

    def slot(self, position: int, due_at: datetime) -> datetime:
        """Return when the candidate tried at `position` (from 0) is contacted, to the second, never before it is due.

        Positions beyond the total reuse the slots that suppressed contacts left empty.
        """
        width = (self.closes_at - self.opens_at) / self.total
        planned = self.opens_at + width * (position % self.total)
        return max(planned.replace(microsecond=0), self.opens_at, due_at)


def day_of(moment: datetime, zone: str) -> date:
    """Return the calendar day of a moment in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def hours_of(moment: datetime, zone: str) -> tuple[date, datetime, datetime]:
    """Return the next day on which contacts can be planned, and from when until when: never in the past."""
    here = moment.astimezone(ZoneInfo(zone))
    day = here.date()
    if here >= _at(day, CLOSES, zone):
        day += timedelta(days=1)
    return day, max(_at(day, OPENS, zone), moment), _at(day, CLOSES, zone)


def _at(day: date, hour: time, zone: str) -> datetime:
    return datetime.combine(day, hour, ZoneInfo(zone))
