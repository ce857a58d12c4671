"""Requests nobody can judge are suppressed, and the reason says what was missing: governance fails closed."""

from dataclasses import dataclass

from services.governance.domain.calendar import zone_named
from services.governance.domain.contacts import Contact
from services.governance.domain.instants import DAY, HOUR, MINUTE
from services.governance.domain.policy_set import PolicySet
from shared.kernel.text import Text

UNKNOWN_CHANNEL = "governance/unknown-channel"
UNKNOWN_ZONE = "governance/unknown-zone"
NO_POLICY = "governance/no-policy-in-force"
PLANNED_IN_PAST = "governance/planned-in-the-past"
PLANNED_TOO_FAR = "governance/planned-too-far-ahead"
NO_OFFSET = "governance/planned-without-offset"
MALFORMED_ID = "governance/malformed-id"
ID_REUSED = "governance/contact-id-reused"
RULES_UNREADABLE = "governance/rules-unreadable"
CLOCK_BEHIND = "governance/clock-behind"
RESERVATION_RELEASED = "governance/reservation-released"
RESERVATION_LAPSED = "governance/reservation-lapsed"
NEVER_RESERVED = "governance/never-reserved"
NOT_AT_THIS_HOUR = "governance/not-at-this-hour"

TEXTS = {
    UNKNOWN_CHANNEL: Text("未知渠道，不予联系", "unknown channel: no contact"),
    UNKNOWN_ZONE: Text(
        "未知时区，无法判断当地时间，不予联系", "unknown zone, so the local time is not known: no contact"
    ),
    NO_POLICY: Text("当日没有生效的接触规则，不予联系", "no contact policy is in force on that day: no contact"),
    PLANNED_IN_PAST: Text(
        "计划时间已过，预留当即失效", "the planned time has passed: a reservation would lapse at once"
    ),
    PLANNED_TOO_FAR: Text("计划时间过远，无法预留", "the planned time is too far ahead to reserve"),
    NO_OFFSET: Text("计划时间没有时区偏移，不予联系", "the planned time has no UTC offset: no contact"),
    MALFORMED_ID: Text(
        "接触编号、客户编号或其他编号无效", "contact, customer or another id is empty, too long or malformed"
    ),
    ID_REUSED: Text("接触编号已用于其他客户", "the contact id belongs to another subscriber's contact"),
    RULES_UNREADABLE: Text("接触规则无法读取，不予联系", "the contact policies cannot be read: no contact"),
    CLOCK_BEHIND: Text("时钟早于已有的判定，不予联系", "this clock is behind decisions already made: no contact"),
    RESERVATION_RELEASED: Text("预留已被退回，不予联系", "the reservation was given back: no contact"),
    RESERVATION_LAPSED: Text("预留已过期，不予联系", "the reservation has lapsed: no contact"),
    NOT_AT_THIS_HOUR: Text(
        "已过计划时间，现为免打扰时段：预留保留，稍后再联系",
        "late, and in quiet hours now: the reservation stands, later",
    ),
    NEVER_RESERVED: Text("该接触没有获准的预留，不予联系", "the contact was never permitted: no contact"),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the service itself fixes: known channels, how long reservations last, how far ahead one may plan."""

    channels: frozenset[str]
    outbound_life: int = 48 * HOUR
    inbound_life: int = 30 * MINUTE
    horizon: int = 400 * DAY
    clock_tolerance: int = 5 * MINUTE

    def expiry(self, contact: Contact) -> int:
        """Return when a reservation of the contact lapses."""
        return contact.at + (self.outbound_life if contact.direction == "outbound" else self.inbound_life)


def refusal(asked: Contact, policies: PolicySet, terms: Terms, now: int) -> str | None:
    """Return why the request cannot be judged, or None when it can."""
    if asked.channel not in terms.channels:
        return UNKNOWN_CHANNEL
    if zone_named(asked.zone) is None:
        return UNKNOWN_ZONE
    if terms.expiry(asked) <= now:
        return PLANNED_IN_PAST
    if asked.at > now + terms.horizon:
        return PLANNED_TOO_FAR
    if not policies.is_in_force(asked.zone, asked.at):
        return NO_POLICY
    return None
