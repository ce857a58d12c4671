"""Which services there are, and what of each the workbench needs; nothing of a service is imported before its turn."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol, runtime_checkable

import services
from shared.kernel.faults import InvalidRequest, NotFound, Unavailable
from shared.messaging.topology import BULK_SUFFIX, service_of

SERVICES = ("customer_view", "catalogue", "governance", "channels", "campaigns")
CONTAINERS = tuple(name + suffix for name in SERVICES for suffix in ("", BULK_SUFFIX))

_ROOT = Path(services.__file__).parent


class DatabaseUnavailable(Unavailable):
    """A database that a command needs cannot be reached or used, or its URL is none."""

    code = "database_unavailable"


def containers_of(names: Sequence[str]) -> list[str]:
    """Return the containers meant by names: `governance` both of them, `governance_bulk` the one, `all` (or none) all.

    Raises NotFound naming the nearest name.
    """
    chosen: set[str] = set()
    for name in names or ["all"]:
        if name == "all":
            chosen.update(CONTAINERS)
        elif name in SERVICES:
            chosen.update((name, name + BULK_SUFFIX))
        elif name in CONTAINERS:
            chosen.add(name)
        else:
            raise _unknown(name, [*CONTAINERS, "all"])
    return [container for container in CONTAINERS if container in chosen]


def services_of(names: Sequence[str]) -> list[str]:
    """Return the services that own the containers meant by names; raises NotFound."""
    owners = {service_of(container) for container in containers_of(names)}
    return [service for service in SERVICES if service in owners]


def class_of(container: str) -> type:
    """Return the nameko class of a container; imports its service."""
    module = import_module(f"services.{service_of(container)}.service")
    for found in vars(module).values():
        if isinstance(found, type) and getattr(found, "name", None) == container:
            return found
    raise _unknown(container, [])


@runtime_checkable
class ReadsRules(Protocol):
    """Settings of a service that reads the rules."""

    rules: Path
    rule_sets: Path | None


def settings_of(service: str, environment: Mapping[str, str]) -> object:
    """Return a service's settings as it reads them itself; raises its FaultySettings naming every faulty variable."""
    settings: object = import_module(f"services.{service}.settings").Settings.read(environment)
    return settings


def migrations_of(service: str) -> Path:
    """Return the folder with a service's migrations."""
    return _ROOT / service / "migrations"


def database_url(service: str, environment: Mapping[str, str]) -> str:
    """Return the URL of a service's database: BANYAN_DATABASE_URL_<SERVICE>, BANYAN_DATABASE_URL, or SQLite.

    SQLite files lie under BANYAN_VAR. Raises InvalidRequest where one URL would serve all services.
    """
    if own := environment.get(f"BANYAN_DATABASE_URL_{service.upper()}"):
        return own
    var = Path(environment.get("BANYAN_VAR") or "var").absolute()
    template = environment.get("BANYAN_DATABASE_URL") or f"sqlite:///{var}/{{service}}.sqlite"
    if "{service}" not in template:
        message = "BANYAN_DATABASE_URL must hold {service}: every service has a database of its own"
        raise InvalidRequest(message, details={"field": "BANYAN_DATABASE_URL"})
    return template.replace("{service}", service)


@contextmanager
def reaching_database(service: str) -> Iterator[None]:
    """Raise DatabaseUnavailable where the server of a service's database does not answer within the block."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - no command shall wait for it that needs no database

    try:
        yield
    except OperationalError as fault:
        first = str(fault.orig).strip().splitlines()[0]
        message = f"the database of {service} cannot be used: {first}"
        raise DatabaseUnavailable(message, details={"service": service}) from fault


def _unknown(name: str, known: Sequence[str]) -> NotFound:
    near = difflib.get_close_matches(name, known, 1)
    hint = f": did you mean {near[0]}?" if near else f": there are {', '.join(SERVICES)}"
    return NotFound(f"there is no service {name}{hint}", details={"kind": "service", "id": name})
