"""What a client does about contacts once it has a verdict; decided by lot from the contact id, so always the same."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.torture.traffic import PLANNED_AT, Request, Scene, lot

_SECOND = 1_000_000


class Step(NamedTuple):
    """A call to make at a moment (seconds since 1970), about contacts of an answered call."""

    due: float
    call: str
    kind: str
    contact_ids: list[str]


def steps(
    call: str, requests: Sequence[Request], answers: Sequence[Sequence[Any]], scene: Scene, ahead: float, now: float
) -> Iterator[Step]:
    """Return what follows from verdicts; `ahead` is by how many seconds the service's time is ahead of ours."""
    chosen: dict[str, list[str]] = {"confirm": [], "release": [], "late": []}
    latest = now
    for request, (contact_id, verdict, told) in zip(requests, answers, strict=True):
        is_near = request[PLANNED_AT] < scene.begins_at + scene.near_seconds * _SECOND
        deed = _permitted(contact_id, call, is_near=is_near) if verdict == "permit" else _suppressed(contact_id)
        if deed:
            chosen[deed].append(contact_id)
        if deed == "late" and verdict == "permit":
            latest = max(latest, told / _SECOND - ahead + 1 + 4 * lot(contact_id, "delay"))
    if chosen["confirm"]:
        yield Step(now, f"{call}/confirm", "confirm", chosen["confirm"])
    if chosen["release"]:
        yield Step(now + lot(call, "pause"), f"{call}/release", "release", chosen["release"])
    if chosen["late"]:
        yield Step(latest, f"{call}/late", "confirm", chosen["late"])


def _permitted(contact_id: str, call: str, *, is_near: bool) -> str | None:
    drawn = lot(contact_id, "fate")
    if lot(contact_id, call) < 0.05:
        drawn = lot(contact_id, f"other {call}")
    if is_near:
        return "confirm" if drawn < 0.3 else "release" if drawn < 0.45 else "late" if drawn < 0.7 else None
    return "confirm" if drawn < 0.05 else "release" if drawn < 0.5 else None


def _suppressed(contact_id: str) -> str | None:
    return "late" if lot(contact_id, "anyway") < 0.002 else None
