"""What the contract promises beside shapes: how much one call may carry, and what may be asked again.

Every method is named here, so that a new one cannot be published without saying what asking it twice does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.api.reading import Method
from shared.contracts.wire import BULK_LIMIT, INTERACTIVE_LIMIT
from shared.messaging.settings import BusSettings
from shared.messaging.topology import BULK_SUFFIX


@dataclass(frozen=True, slots=True)
class Repeat:
    """What the same request does the second time; `by` are the places of the ids that make it the same."""

    by: tuple[str, ...]
    then: str


_READS = Repeat((), "changes nothing: ask as often as you like")
_FIRST = "answered as the first time; nothing is done twice"
_STANDS = "it stands already: nothing changes"
_CLOCK = Repeat((), "does what is due by the clock; what was done is not due any more")


def _by(*places: str, then: str = _FIRST) -> Repeat:
    return Repeat(places, then)


REPEATS: Mapping[str, Mapping[str, Repeat]] = {
    "customer_view": {
        **dict.fromkeys(("get_customer", "audience_page", "ping"), _READS),
        "upsert_customers": _by("customers[].customer_id", then="the same facts again change nothing"),
        "record_orders": _by("orders[].order_id"),
        "record_events": _by("events[].event_id"),
        "fire_due": _CLOCK,
        "audience": _by("query.audience_key", then="the audience frozen first; another query: `audience_key_taken`"),
    },
    "catalogue": {
        **dict.fromkeys(("get_offering", "list_offerings", "ping"), _READS),
        "upsert_offerings": _by("offerings[].offering_id", then="the same offering again changes nothing"),
    },
    "governance": {
        **dict.fromkeys(("check", "screen", "explain", "history", "list_read", "overrides", "audit", "ping"), _READS),
        "reserve": _by("requests[].contact_id", then="the first verdict, also a suppression"),
        "confirm": _by("contact_ids[]", then="the state it has; it is counted once"),
        "release": _by("contact_ids[]", then="the state it has"),
        "recheck": _by("contact_ids[]", then="judged anew; what was withdrawn stays withdrawn"),
        "list_put": _by("list", "entries[].customer_id", "entries[].channel", "entries[].category", then=_STANDS),
        "list_remove": _by("list", "customer_ids[]", then="whoever is off the list stays off"),
        "override_propose": _by("proposal.override_id", then="the same proposal is one; other content: `not_allowed`"),
        "override_approve": _by("override_id", then=_STANDS),
        "override_withdraw": _by("override_id", then=_STANDS),
        "subscriber_export": Repeat((), "told again; each time is noted in the audit"),
        "subscriber_erase": _by("customer_id", then=_STANDS),
        "prune": Repeat((), "deletes the next part of what is old enough"),
    },
    "channels": {
        **dict.fromkeys(("worklist", "ping"), _READS),
        "dispatch": _by("orders[].contact_id", then="an order already known counts as taken"),
        "record_outcome": _by("contact_id", then="the first outcome that closes the contact wins"),
        "run_due": _CLOCK,
    },
    "campaigns": {
        **dict.fromkeys(("status", "story", "evaluate", "contacts_page", "members_page", "ping"), _READS),
        **dict.fromkeys(("suppressions_page", "decisions_page"), _READS),
        "draft": _by("plan.campaign", then="the same plan again changes nothing"),
        **dict.fromkeys(("submit", "launch", "pause", "resume", "stop"), _by("campaign_id", then=_STANDS)),
        "approve": _by("campaign_id", "level", then=_STANDS),
        "recommend": _by("context.request_id", then="the same offers; nothing is reserved twice"),
        "respond": _by("contact_id", then="the first outcome that closes the contact wins"),
        "run_due": _CLOCK,
    },
}


def repeat_of(method: Method) -> Repeat:
    """Return what asking again does; raises ValueError for a method that nobody has thought about."""
    try:
        return REPEATS[method.service][method.name]
    except KeyError:
        msg = f"{method.address}: say in {__name__} what asking it twice does"
        raise ValueError(msg) from None


def limits_of(method: Method) -> dict[str, int]:
    """Return the most a request may carry: items (of its one list) and bytes (a setting's default)."""
    limits = {"bytes": BusSettings().max_message_bytes}
    if any(str(argument.kind).startswith("list[") for argument in method.arguments):
        limits["items"] = BULK_LIMIT if method.container.endswith(BULK_SUFFIX) else INTERACTIVE_LIMIT
    return limits
