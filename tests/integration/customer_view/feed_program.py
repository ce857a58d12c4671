"""A run of `banyan feeds load` that is killed: after so many transactions, at a moment within the next one."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from services.customer_view.adapters import csv_chunks, feed_rejects, feed_table
from services.customer_view.application import feeds as feeds_module
from services.customer_view.application.feed_ports import FileOrder
from services.customer_view.dependencies import build_feeds
from services.customer_view.settings import Settings


def main() -> None:
    """Load the file; kill this process at the call that was chosen, counted over all runs of it."""
    place, calls, path, column_map, rejects = sys.argv[1:]
    left = [int(calls)]

    def killing(original: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()
            return original(*given, **named)

        return call

    places = {"rejects": (feed_rejects.RejectFile, "write"), "position": (feed_table.SqlFeeds, "move")}
    if place in places:
        owner, name = places[place]
        setattr(owner, name, killing(getattr(owner, name)))
    feeds_module.BATCH, csv_chunks._FIRST = 300, 8_000
    order = FileOrder(Path(path), Path(column_map), "month", Path(rejects))
    feeds = build_feeds(Settings.read(os.environ))
    feeds.load(order, killing(lambda _state: None) if place == "stored" else lambda _state: None)


if __name__ == "__main__":
    main()
