"""Faults as people at a terminal read them: one line that says what is wrong, one that says what to do."""

from typing import IO, Any

import click

from shared.kernel.environment import FaultySettings
from shared.kernel.faults import Fault

_NEXT = {
    "unavailable": "Is the bus up, and the service on it? `banyan status` asks all; BANYAN_AMQP_URL names the bus.",
    "bad_database_url": "BANYAN_DATABASE_URL or --database names it; the settings are in docs/operations.md.",
    "not_found": "Check the id; ids are case-sensitive.",
    "invalid_rules": "The rule language is in docs/rules.md; `banyan rules check` reads all files again.",
    "invalid_request": "`--help` shows what the command takes; docs/glossary.md what the words mean.",
    "database_unavailable": "Is the server up? BANYAN_DATABASE_URL names it, with {service} in the database's name.",
    "faulty_settings": "The settings and their defaults are in docs/operations.md.",
    "internal_fault": "The service's log has the cause.",
}


_ASKED_WRONGLY = frozenset(
    {"no_rules_folder", "unknown_node", "unknown_target", "unknown_revision", "faulty_facts", "wrong_executor"}
)
"""Faults of what was typed: exit code 2, so that 1 keeps meaning findings, differences, "may not"."""


class Failure(click.ClickException):
    """A command that could not do its work: exit code 1."""

    def __init__(self, code: str, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line(s) to standard error."""
        del file
        click.echo(f"banyan: {self.code}: {self.message}", err=True)
        if self.advice:
            click.echo(f"  → {self.advice}", err=True)


class AskedWrongly(Failure):
    """A command that was given what it cannot work with: exit code 2."""

    exit_code = 2


def as_failure(fault: Exception) -> Failure | None:
    """Return what to show for a fault that is not a mistake in this program; None for one that is."""
    if isinstance(fault, Fault):
        sort = AskedWrongly if fault.code in _ASKED_WRONGLY else Failure
        return sort(fault.code, fault.message, _NEXT.get(fault.code, ""))
    if isinstance(fault, FaultySettings):
        return Failure("faulty_settings", str(fault), _NEXT["faulty_settings"])
    if isinstance(fault, OSError):
        return Failure("cannot_read", str(fault), "Check the path and its permissions.")
    return None
