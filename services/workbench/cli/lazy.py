"""Groups of commands whose modules are imported only when the command is called, so that `banyan` starts at once."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from services.workbench.cli.failures import as_failure


class LazyGroup(click.Group):
    """A group made of `commands`: name → (`module:attribute`, one line of help), shown in this order.

    A fault that a command raises leaves as one line on standard error with what to do next.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order they were given."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or the group it is in; None for a name that does not exist."""
        if cmd_name not in self._lazy:
            return None
        place = self._lazy[cmd_name][0]
        module_name, attribute = place.split(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as missing:
            if missing.name != module_name:
                raise
            message = f"this installation has no command {cmd_name!r}"
            raise click.UsageError(message, ctx) from None
        command: click.Command = getattr(module, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write names and lines of help, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; turn a fault into what people read."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as fault:
            failure = as_failure(fault)
            if failure is None:
                raise
            raise failure from fault
