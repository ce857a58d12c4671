"""Which rule set runs where, and which are kept: what `banyan rules status` and `banyan rules sets` show."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from shared.kernel.faults import NotFound
from shared.kernel.text import Text
from shared.messaging.roll_call import Presence
from shared.messaging.roll_call_asking import Roll
from shared.rulekit.faults import RuleFaults
from shared.rulekit.in_force.archive import RuleArchive
from shared.rulekit.in_force.pin import Pin
from shared.rulekit.in_force.signature import files_of
from shared.rulekit.reading.folder import load_rules

_AGAIN_SECONDS = 0.5


class LocalRules(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of rules as it lies here: its version, or what is wrong with it."""

    folder: str
    version: str | None
    faults: list[str]


class RuleStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Who runs which rule set; `problems` is empty when all is well.

    `rule_sets` are the versions that run (more than one: drift), `silent` counts replicas that hold a connection and
    did not answer, `absent` names the containers that nobody runs.
    """

    is_well: bool
    rule_sets: list[str | None]
    problems: list[Text]
    processes: list[Presence]
    silent: dict[str, int]
    absent: list[str]
    local: LocalRules


class KeptSet(msgspec.Struct, frozen=True, kw_only=True):
    """One set of the archive: when it was last accepted from the folder of rules, and whether it is pinned."""

    version: str
    accepted_at: datetime | None
    is_newest: bool
    is_pinned: bool
    is_sound: bool


class SetDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A kept set at length; `folder` can be given to any command that takes a folder of rules."""

    version: str
    folder: str
    is_sound: bool
    fault: str | None
    accepted_at: list[datetime]
    files: int
    rules: dict[str, int]
    pin: Pin | None


def local_rules(folder: Path) -> LocalRules:
    """Read a folder of rules."""
    try:
        return LocalRules(folder=str(folder), version=load_rules(folder).version, faults=[])
    except RuleFaults as faulty:
        return LocalRules(folder=str(folder), version=None, faults=[str(fault) for fault in faulty.faults])


def judge_roll(roll: Roll, local: LocalRules, expected: str | None = None) -> RuleStatus:
    """Say what a roll call shows; with `expected` every process should run that version."""
    readers = [one for one in roll.present if one.reads_rules]
    versions = sorted({one.rule_set for one in readers}, key=str)
    problems = [problem for problem in (_nobody(roll), _drift(versions), *map(_faulty, readers)) if problem is not None]
    problems += [
        Text(f"{name} 有 {count} 个副本未应答", f"{count} of {name}'s replicas did not answer")
        for name, count in roll.silent.items()
    ]
    if expected is not None and any(version != expected for version in versions):
        problems.append(Text(f"尚未全部运行规则集 {expected}", f"not every process runs rule set {expected} yet"))
    return RuleStatus(
        is_well=not problems,
        rule_sets=list(versions),
        problems=problems,
        processes=list(roll.present),
        silent=roll.silent,
        absent=roll.absent,
        local=local,
    )


def await_agreement(ask: Callable[[], RuleStatus], seconds: float) -> RuleStatus:
    """Ask until all is well, for so many seconds at most; return the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        status = ask()
        if status.is_well or time.monotonic() >= deadline:
            return status
        time.sleep(_AGAIN_SECONDS)


def kept_sets(archive: RuleArchive) -> list[KeptSet]:
    """Return the kept sets, the newest first."""
    last = {acceptance.version: acceptance.at for acceptance in archive.acceptances()}
    newest = newest_set(archive)
    pinned = _pinned(archive)
    kept = [
        KeptSet(
            version=version,
            accepted_at=last.get(version),
            is_newest=version == newest,
            is_pinned=version == pinned,
            is_sound=archive.is_sound(version),
        )
        for version in archive.versions()
    ]
    return sorted(kept, key=lambda one: one.accepted_at.timestamp() if one.accepted_at else 0.0, reverse=True)


def details_of(archive: RuleArchive, version: str) -> SetDetails:
    """Return a kept set at length; raises NotFound."""
    folder = archive.rules_of(version)
    fault, rules = None, dict[str, int]()
    try:
        rules = {kind: len(group) for kind, group in archive.load(version).by_kind.items()}
    except RuleFaults as faulty:
        fault = str(faulty.faults[0])
    pin = archive.pin()
    return SetDetails(
        version=version,
        folder=str(folder),
        is_sound=fault is None,
        fault=fault,
        accepted_at=[acceptance.at for acceptance in archive.acceptances() if acceptance.version == version],
        files=len(files_of(folder)),
        rules=rules,
        pin=pin if pin and pin.version == version else None,
    )


def newest_set(archive: RuleArchive) -> str | None:
    """Return the set that was last accepted from the folder of rules."""
    accepted = archive.acceptances()
    return accepted[-1].version if accepted else None


def pin_set(archive: RuleArchive, version: str, *, reason: str, who: str, at: datetime) -> Pin:
    """Have every process use a kept set; raises NotFound, and RuleFaults for a damaged one."""
    pin = Pin(version, reason, who, at.isoformat(timespec="seconds"))
    archive.put_pin(pin)
    return pin


def roll_back(archive: RuleArchive, *, reason: str, who: str, at: datetime) -> Pin:
    """Pin the set that was in force before the present one; raises NotFound where none is kept."""
    present = _pinned(archive) or newest_set(archive)
    before = archive.before(present) if present else None
    if before is None:
        message = f"no rule set from before {present} is kept" if present else "no rule set is kept yet"
        raise NotFound(message, details={"kind": "rule_set"})
    return pin_set(archive, before, reason=reason or f"rolled back from {present}", who=who, at=at)


def _pinned(archive: RuleArchive) -> str | None:
    pin = archive.pin()
    return pin.version if pin else None


def _nobody(roll: Roll) -> Text | None:
    return None if roll.present else Text("无进程应答", "no process answered")


def _drift(versions: Sequence[str | None]) -> Text | None:
    if len(versions) < 2:  # noqa: PLR2004 - one set for all is as it should be
        return None
    names = ", ".join(version or "–" for version in versions)
    return Text(f"规则集不一致：{names}", f"processes run different rule sets: {names}")


def _faulty(one: Presence) -> Text | None:
    if not one.fault_count:
        return None
    name = f"{one.container}/{one.instance}"
    since = round(one.stale_seconds)
    return Text(
        f"{name} 拒绝了新规则（{one.fault_count} 处错误），已滞后 {since} 秒",
        f"{name} refused rules with {one.fault_count} faults and has been stale for {since} s",
    )
