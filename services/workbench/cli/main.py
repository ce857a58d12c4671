"""Where `banyan` begins: patch the process if it is to run services, then hand over to the commands."""

import sys
from collections.abc import Sequence

_GREEN = frozenset({"serve", "demo"})


def runs_services(arguments: Sequence[str]) -> bool:
    """Tell whether these arguments ask for a command that runs nameko in this process."""
    command = next((argument for argument in arguments if not argument.startswith("-")), None)
    return command in _GREEN and "--help" not in arguments


def main() -> None:
    """Run the command the user asked for; leaves with exit code 0 (done), 1 (failed) or 2 (asked wrongly)."""
    if runs_services(sys.argv[1:]):
        # Before anything else is imported: see go_green.
        from shared.messaging.green import go_green

        go_green()
    from services.workbench.cli.commands import banyan

    banyan(prog_name="banyan")


if __name__ == "__main__":
    main()
