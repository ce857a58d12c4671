"""customer_view's settings and database, for commands that work beside it."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.workbench import registry

if TYPE_CHECKING:
    from services.customer_view.settings import Settings

SERVICE = "customer_view"

# What eventlet announces at import is not for the reader of a command; the choice is in docs/decisions.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")


@contextmanager
def customer_view() -> Iterator["Settings"]:
    """Give customer_view's settings; raises FaultySettings, and DatabaseUnavailable where no server answers."""
    from shared.observability.logging import configure_logging

    configure_logging("text", level=logging.WARNING)  # what is noted in passing is not the command's output
    from services.customer_view.settings import Settings

    settings = Settings.read(dict(os.environ) | {"BANYAN_DATABASE_URL": registry.database_url(SERVICE, os.environ)})
    with registry.reaching_database(SERVICE):
        yield settings
