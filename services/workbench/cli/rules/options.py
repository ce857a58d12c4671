"""Options that several commands of `banyan rules` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def rules_folder_option(command: Command) -> Command:
    """Give a command `--rules`, the folder of rules."""
    return click.option(
        "--rules",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="BANYAN_RULES_DIR",
        default=Path("rules"),
        show_default=True,
        help="规则目录 · Folder of rules",
    )(command)
