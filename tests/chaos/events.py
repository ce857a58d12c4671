"""Events of a stage of its own, stored as a service would, and reservations asked for until they are answered."""

import time
from collections.abc import Sequence
from datetime import timedelta

import psycopg

from shared.kernel.faults import Fault, Unavailable
from shared.messaging.client import BanyanClient
from shared.persistence.instants import to_micros
from tests.chaos.town import ASK_AGAIN, MORNING, Town

_OUTBOX = (
    "INSERT INTO outbox (event_id, event_type, body, headers, created_at)"
    " SELECT %s || '-' || n, %s, %s, '{}', %s FROM generate_series(1, %s) AS n"
)
_IN_FLIGHT = 200


def tell(town: Town, service: str, event_type: str, body: str, mark: str, count: int) -> None:
    """Store so many events in a service's outbox; their ids are `<mark>-<number>`."""
    with psycopg.connect(town.deployment.database_url(service)) as connection:
        connection.execute(_OUTBOX, (mark, event_type, body, to_micros(MORNING), count))


def applied(town: Town, service: str, mark: str) -> int:
    """Return how many of these events a service has noted as applied."""
    [[count]] = town.deployment.query(service, f"SELECT count(*) FROM inbox WHERE event_id LIKE '{mark}-%'")  # noqa: S608 - a mark of our own
    return int(str(count))


def requests(mark: str, count: int) -> list[dict[str, object]]:
    """Return requests for contacts with as many different subscribers nobody knows."""
    return [
        {
            "contact_id": f"{mark}-{number}",
            "customer_id": f"{mark}-subscriber-{number}",
            "channel": "sms",
            "campaign_id": mark,
            "offering_id": "none",
            "category": "value",
            "purpose": "marketing",
            "direction": "outbound",
            "planned_at": (MORNING + timedelta(hours=2)).isoformat(),
        }
        for number in range(count)
    ]


def reserve_all(client: BanyanClient, wanted: Sequence[dict[str, object]], seconds: float = 180.0) -> dict[str, str]:
    """Reserve each in a call of its own, again and again until each is answered; returns verdicts by contact."""
    verdicts: dict[str, str] = {}
    deadline = time.monotonic() + seconds
    while len(verdicts) < len(wanted) and time.monotonic() < deadline:
        missing = [one for one in wanted if one["contact_id"] not in verdicts]
        try:
            calls = [("governance", "reserve", {"requests": [one]}) for one in missing]
            answers = client.call_many(calls, in_flight=_IN_FLIGHT, timeout=10)
        except Unavailable:
            time.sleep(0.5)
            continue
        for one, answer in zip(missing, answers, strict=True):
            if not isinstance(answer, Fault):
                verdicts[str(one["contact_id"])] = answer[0]["verdict"]
            elif answer.code not in ASK_AGAIN:
                raise answer
        time.sleep(0.1)
    return verdicts


def check_reservations(town: Town, mark: str, verdicts: dict[str, str], wanted: int) -> None:
    """Note a breach unless each was answered and the ledger holds exactly what was permitted, once."""
    statement = f"SELECT contact_id FROM contact WHERE contact_id LIKE '{mark}-%'"  # noqa: S608 - a mark of our own
    ledger = [str(row[0]) for row in town.deployment.query("governance", statement)]
    permitted = {contact_id for contact_id, verdict in verdicts.items() if verdict == "permit"}
    town.account.require(len(verdicts) == wanted, f"{wanted - len(verdicts)} reservations were never answered")
    town.account.require(permitted, "nothing was permitted, so nothing is shown")
    town.account.require(sorted(ledger) == sorted(permitted), "the ledger is not what callers were told")
    town.account.note("reservations", f"{wanted} asked for, {len(permitted)} permitted, {len(ledger)} in the ledger")
