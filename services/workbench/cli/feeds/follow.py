"""`banyan feeds follow`: a stream of BOSS on RabbitMQ into customer_view's database, each message once."""

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli.console import json_option, print_json
from services.workbench.cli.feeds.service import SERVICE, customer_view
from shared.kernel.faults import InvalidRequest, Unavailable
from shared.messaging.settings import BusSettings

if TYPE_CHECKING:
    from services.customer_view.application.feed_state import FeedState, Kind
    from services.customer_view.application.record_feeds import RecordFeeds

_KINDS: "tuple[Kind, ...]" = ("customers", "orders", "events")
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between attempts to reach broker or database; the last one stays


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(_KINDS), help="内容，默认同名称 · What its messages are; by default its name")
@click.option("--rejects", type=click.Path(path_type=Path), help="拒收明细 CSV · Where refusals go")
@click.option("--idle", type=click.FloatRange(min=0.1), help="空闲多少秒后结束 · End after so many seconds of silence")
@click.option("--again", "is_again", is_flag=True, help="从头消费 · Begin at the stream's first message")
@json_option
def follow(
    name: str, kind: str | None, rejects: Path | None, idle: float | None, *, is_again: bool, as_json: bool
) -> None:
    """消费事件流 · Apply what stream NAME (queue feed.NAME) tells, until SIGTERM or Ctrl-C.

    Its position is kept with the rows in customer_view's database: each message is applied once, whatever breaks.
    """
    chosen = next((one for one in _KINDS if one == (kind or name)), None)
    if chosen is None:
        message = f"say what the messages of {name!r} are: --kind customers, orders or events"
        raise InvalidRequest(message, details={"field": "kind"})
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    state = _Following(name, chosen, rejects, idle, stopping, is_again=is_again).run()
    if as_json:
        print_json({"feed": state})
    elif state is not None:
        click.echo(f"{name}: at offset {state.position}, {state.written:,} applied, {state.refused:,} refused")


class _Following:
    def __init__(
        self,
        name: str,
        kind: "Kind",
        rejects: Path | None,
        idle: float | None,
        stopping: threading.Event,
        *,
        is_again: bool,
    ) -> None:
        self._name, self._kind, self._idle, self._stopping = name, kind, idle, stopping
        self._rejects = rejects
        self._url = BusSettings.from_environment(os.environ).for_service(SERVICE).amqp_url
        self._attempts = 0
        self._is_again = is_again

    def run(self) -> "FeedState | None":
        """Follow until stopped, through the loss of broker or database; return the last state."""
        from services.customer_view.dependencies import build_record_feeds

        with customer_view() as settings:
            feeds = build_record_feeds(settings)
            default = Path(os.environ.get("BANYAN_VAR") or "var").absolute() / "feeds" / f"{self._name}.rejects.csv"
            rejects = (self._rejects or default).absolute()
            click.echo(f"following {self._name}; refusals go to {rejects}", err=True)
            state: FeedState | None = None
            while not self._stopping.is_set():
                state = self._attempt(feeds, str(rejects))
                if self._idle is not None and state is not None:
                    break
            return state

    def _attempt(self, feeds: "RecordFeeds", rejects: str) -> "FeedState | None":
        from sqlalchemy.exc import OperationalError

        from services.customer_view.adapters.rabbit_stream import RabbitStream
        from shared.messaging.stream_queue import StreamReader

        try:
            with StreamReader(
                self._url, self._name, is_stopped=self._stopping.is_set, idle_seconds=self._idle
            ) as reader:
                return feeds.follow(
                    self._kind, self._name, RabbitStream(reader), rejects, is_again=self._is_again, progress=self._well
                )
        except (Unavailable, OperationalError) as fault:
            pause = _PAUSES[min(self._attempts, len(_PAUSES) - 1)]
            self._attempts += 1
            click.echo(f"{self._name}: {str(fault).splitlines()[0]}; again in {pause:g} s", err=True)
            self._stopping.wait(pause)
            return None

    def _well(self, _state: object) -> None:
        self._attempts, self._is_again = 0, False
