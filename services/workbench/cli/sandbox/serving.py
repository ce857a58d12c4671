"""`banyan sandbox serve`: the process that plays the operator's systems."""

import signal
import threading
from contextlib import ExitStack

import click

from services.workbench.cli import bus
from services.workbench.cli.failures import Failure


@click.command()
@click.option(
    "--host", envvar="BANYAN_SANDBOX_HOST", default="127.0.0.1", show_default=True, help="监听地址 · Where to listen"
)
@click.option(
    "--port",
    envvar="BANYAN_SANDBOX_PORT",
    type=click.IntRange(0, 65_535),
    default=8070,
    show_default=True,
    help="端口，0 为任意空闲端口 · Port; 0 takes a free one",
)
@click.option(
    "--state",
    envvar="BANYAN_SANDBOX_STATE",
    default=":memory:",
    show_default=True,
    help="状态文件 (SQLite) · File to remember in",
)
@click.option(
    "--receipts/--no-receipts",
    envvar="BANYAN_SANDBOX_RECEIPTS",
    help="经总线发送短信回执 · Tell delivery receipts over the bus",
)
def serve(host: str, port: int, state: str, *, receipts: bool) -> None:
    """启动沙箱，直到收到 SIGTERM · Play CRM, ISMP and the SMS gateway until SIGTERM; a page for people is at /."""
    from services.workbench.sandbox.serving import Sandbox

    stopping = threading.Event()
    with ExitStack() as stack:
        try:
            sandbox = stack.enter_context(Sandbox(host, port, state=state))
        except OSError as fault:
            raise Failure(
                "cannot_listen", f"{host}:{port}: {fault.strerror or fault}", "Choose another --port."
            ) from None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if receipts:
            from services.workbench.sandbox.receipts import Receipts
            from shared.messaging.client import BanyanClient

            client = stack.enter_context(BanyanClient(bus.operator_settings().amqp_url))
            telling = threading.Thread(target=Receipts(sandbox.play.book, client).keep_telling, args=[stopping])
            telling.start()
            stack.callback(telling.join)
        click.echo(f"沙箱 · sandbox ready at {sandbox.url}  (/crm, /ismp, /sms; page at /)")
        stopping.wait()
