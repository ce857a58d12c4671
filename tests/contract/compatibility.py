"""Which changes of the wire break those who built on it: everything but an addition that nobody has to know of."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Snapshot = Mapping[str, Any]
_WORDS = {"exchanges": "exchange", "event_bodies": "event", "queues": "queue"}


def schema_violations(before: Snapshot, after: Snapshot) -> list[str]:
    """Say what breaks between two snapshots of schemas: fields may only be added, and only with a default."""
    found: list[str] = []
    for name, old in before.items():
        if name in after:
            found += _struct_violations(name, old, after[name])
        else:
            found.append(f"{name} is gone")
    return found


def method_violations(before: Snapshot, after: Snapshot) -> list[str]:
    """Say what breaks between two snapshots of methods: methods and optional parameters may only be added."""
    found: list[str] = []
    for container, methods in before.items():
        for method, old in methods.items():
            new = after.get(container, {}).get(method)
            if new is None:
                found.append(f"{container}.{method} is gone")
            else:
                found += _method_violations(f"{container}.{method}", old, new)
    return found


def topology_violations(before: Snapshot, after: Snapshot) -> list[str]:
    """Say what breaks between two snapshots of names on the bus: names may only be added, and keep what they mean."""
    found: list[str] = []
    for kind in ("exchanges", "event_bodies", "queues"):
        for name, old in before[kind].items():
            new = after[kind].get(name)
            if new is None:
                found.append(f"{_WORDS[kind]} {name} is gone")
            elif new != old:
                found.append(f"{_WORDS[kind]} {name} has changed: {old} is now {new}")
    for source, types in before["events"].items():
        gone = sorted(set(types) - set(after["events"].get(source, ())))
        found += [f"event {source}/{name} is heard by nobody" for name in gone]
    return found


def code_violations(before: Snapshot, after: Snapshot) -> list[str]:
    """Say which codes of faults are gone: whoever acts on one would wait for it in vain."""
    return [f"code {name} is gone" for name in before if name not in after]


def violations_between(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> list[str]:
    """Say all that breaks between two sets of snapshots, each by its name."""
    return [line for name, judge in JUDGES.items() for line in judge(before[name], after[name])]


def _struct_violations(name: str, old: Snapshot, new: Snapshot) -> Iterator[str]:
    fields, now = old.get("properties", {}), new.get("properties", {})
    required, required_now = set(old.get("required", ())), set(new.get("required", ()))
    for field, schema in fields.items():
        if field not in now:
            yield f"{name}.{field} is gone"
        elif now[field] != schema:
            yield f"{name}.{field} has changed: {schema} is now {now[field]}"
        elif (field in required) != (field in required_now):
            word = "no longer" if field in required else "now"
            yield f"{name}.{field} is {word} required"
    for field in now.keys() - fields.keys():
        if field in required_now:
            yield f"{name}.{field} was added without a default"
    if old.get("additionalProperties", True) != new.get("additionalProperties", True):
        yield f"{name} treats unknown fields in another way"


def _method_violations(name: str, old: Snapshot, new: Snapshot) -> Iterator[str]:
    if old["tells"] != new["tells"]:
        yield f"{name} tells {new['tells']} and no longer {old['tells']}"
    for parameter, kind in old["asks"].items():
        if parameter not in new["asks"]:
            yield f"{name}({parameter}) is gone"
        elif new["asks"][parameter] != kind:
            yield f"{name}({parameter}) has changed: {kind} is now {new['asks'][parameter]}"
    for parameter, kind in new["asks"].items():
        if parameter not in old["asks"] and " = " not in kind:
            yield f"{name}({parameter}) was added without a default"


JUDGES: Mapping[str, Callable[[Snapshot, Snapshot], list[str]]] = {
    "topology": topology_violations,
    "methods": method_violations,
    "schemas": schema_violations,
    "codes": code_violations,
}
