"""How a running broker differs from what it should be."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from services.workbench.broker.definitions import VHOST, Document
from services.workbench.broker.passwords import is_hash_of

_KEYS: Mapping[str, tuple[str, ...]] = {
    "vhosts": ("name",),
    "users": ("name",),
    "permissions": ("user",),
    "topic_permissions": ("user", "exchange"),
    "exchanges": ("name",),
    "queues": ("name",),
    "bindings": ("source", "destination", "routing_key"),
    "policies": ("name",),
}
_UNTOLD = ("arguments", "password_hash", "hashing_algorithm", "metadata", "limits")
"""What the broker adds to or writes in another way; passwords are compared apart, arguments too."""
_SINGULAR = {"policies": "policy"}
_OURS = ("rpc-", "evt-", "dead.", "banyan.")
_TRANSIENT = ("roll-call-", "amq.gen-", "rpc.reply-", "reply.")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be; `problem` is `missing`, `different`, `password` or `unexpected`."""

    kind: str
    name: str
    problem: str
    wanted: Any = None
    found: Any = None


def differences(wanted: Document, found: Document, passwords: Mapping[str, str]) -> list[Difference]:
    """Return what a broker lacks or has otherwise, and users, queues and bindings that nobody asked for.

    `passwords` are compared where given.
    """
    return [
        *(one for section in _KEYS for one in _section(section, wanted, found)),
        *_passwords(found, passwords),
        *_strangers(wanted, found),
    ]


def _section(section: str, wanted: Document, found: Document) -> Iterator[Difference]:
    there = _by_key(section, found.get(section, []))
    for key, one in _by_key(section, wanted[section]).items():
        kind, name = _kind(section), " → ".join(key)
        if key not in there:
            yield Difference(kind=kind, name=name, problem="missing", wanted=one)
        elif (should := _plain(one, one)) != (does := _plain(there[key], one)):
            yield Difference(kind=kind, name=name, problem="different", wanted=should, found=does)


def _passwords(found: Document, passwords: Mapping[str, str]) -> Iterator[Difference]:
    kept = {user["name"]: user.get("password_hash", "") for user in found.get("users", [])}
    for name, password in passwords.items():
        if name in kept and not is_hash_of(kept[name], password):
            yield Difference(kind="user", name=name, problem="password")


def _strangers(wanted: Document, found: Document) -> Iterator[Difference]:
    """Yield users who may use the virtual host, queues left behind by renamed handlers, bindings past the plan."""
    users = {user["name"] for user in wanted["users"]}
    may = {one["user"] for one in found.get("permissions", []) if one["vhost"] == VHOST}
    guests = {user["name"] for user in found.get("users", []) if user["name"] == "guest"}
    for name in sorted((may | guests) - users):
        yield Difference(kind="user", name=name, problem="unexpected")
    planned = {queue["name"] for queue in wanted["queues"]}
    for queue in found.get("queues", []):
        if queue["vhost"] == VHOST and queue["name"] not in planned and queue["name"].startswith(_OURS):
            yield Difference(kind="queue", name=queue["name"], problem="unexpected")
    bindings = _by_key("bindings", wanted["bindings"])
    for key, one in _by_key("bindings", found.get("bindings", [])).items():
        if key not in bindings and not one["destination"].startswith(_TRANSIENT):
            yield Difference(kind="binding", name=" → ".join(key), problem="unexpected", found=one)


def _by_key(section: str, entries: Iterable[Document]) -> dict[tuple[str, ...], Document]:
    ours = [one for one in entries if one.get("vhost", VHOST) == VHOST]
    if section == "vhosts":
        ours = [one for one in ours if one["name"] == VHOST]
    return {tuple(one[name] for name in _KEYS[section]): one for one in ours}


def _plain(one: Document, model: Document) -> Document:
    """Return the fields of `model`, written alike."""
    fields = {name: one.get(name) for name in model if name not in _UNTOLD}
    if "tags" in fields:
        tags = fields["tags"] or []
        fields["tags"] = sorted(tags.split(",") if isinstance(tags, str) else tags)
    if "arguments" in model:
        fields["arguments"] = dict(sorted((one.get("arguments") or {}).items()))
    return fields


def _kind(section: str) -> str:
    return _SINGULAR.get(section, section.removesuffix("s").replace("_", " "))
