"""RabbitMQ and PostgreSQL for tests, benchmarks and trying out: those named, else private ones, else installed ones.

1. `BANYAN_TEST_AMQP_URL` and `BANYAN_TEST_DATABASE_URL` (a user who may create databases) name running servers. A
   named broker needs its management API, at port 15672 or where `BANYAN_TEST_RABBITMQ_API` says.
2. Otherwise private servers are started from installed programs, on ports of their own.
3. Where the programs are missing, root on Debian installs them.
4. Otherwise MissingServerError says what to install.

`python -m tests.support.servers` starts both, prints their URLs and waits until it is interrupted.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

from tests.support import debian
from tests.support.postgres import Postgres
from tests.support.processes import MissingServerError, start_again
from tests.support.rabbitmq import RabbitMQ

Server = TypeVar("Server", Postgres, RabbitMQ)


def find_postgres(*, durable: bool = False) -> Postgres:
    """Return a PostgreSQL to make databases on; `stop()` it in the end. Raises MissingServerError.

    `durable` makes a private one wait for the disk at each commit, as production does.
    """
    named = os.environ.get("BANYAN_TEST_DATABASE_URL")
    if named:
        return Postgres(named)
    return _start_or_install(lambda: Postgres.start(durable=durable), ("postgresql",), "BANYAN_TEST_DATABASE_URL")


def find_rabbitmq() -> RabbitMQ:
    """Return a broker to make virtual hosts on; `stop()` it in the end. Raises MissingServerError."""
    named = os.environ.get("BANYAN_TEST_AMQP_URL")
    if not named:
        return _start_or_install(RabbitMQ.start, ("rabbitmq-server",), "BANYAN_TEST_AMQP_URL")
    broker = RabbitMQ(named, os.environ.get("BANYAN_TEST_RABBITMQ_API"))
    if not broker.answers():
        msg = (
            "The broker named by BANYAN_TEST_AMQP_URL has no management API at port 15672, which makes the virtual host"
            " of each test. Do one of these: `rabbitmq-plugins enable rabbitmq_management` there;"
            " set BANYAN_TEST_RABBITMQ_API=http://USER:PASSWORD@HOST:PORT;"
            " or unset BANYAN_TEST_AMQP_URL to have a private broker started."
        )
        raise MissingServerError(msg)
    return broker


def _start_or_install(start: Callable[[], Server], packages: tuple[str, ...], variable: str) -> Server:
    try:
        return start_again(start)
    except MissingServerError as missing:
        if not debian.may_install():
            raise MissingServerError(_advice(str(missing), packages, variable)) from None
    try:
        debian.install(packages)
    except subprocess.CalledProcessError as failure:
        msg = f"apt-get could not install {' '.join(packages)}: {failure.stderr.strip()}"
        raise MissingServerError(msg) from failure
    return start_again(start)


def _advice(missing: str, packages: tuple[str, ...], variable: str) -> str:
    names = " ".join(packages)
    return (
        f"{missing} is not installed. Install it (Debian, Ubuntu: `sudo apt-get install {names}`;"
        f" macOS: `brew install {names.replace('-server', '')}`), or name a running server: {variable}=…"
    )


def main() -> None:
    """Start both servers, print how to reach them, and wait."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.servers", description=main.__doc__)
    parser.add_argument("--durable", action="store_true", help="PostgreSQL waits for the disk at each commit")
    parser.add_argument("--services", nargs="*", default=[], metavar="NAME", help="make a database for each of these")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    postgres = find_postgres(durable=options.durable)
    try:
        broker = find_rabbitmq()
    except BaseException:
        postgres.stop()
        raise
    try:
        for service in options.services:
            postgres.create_database(f"banyan_{service}")
        database = postgres.url_of("banyan_{service}") if options.services else postgres.url
        sys.stdout.write(f"BANYAN_AMQP_URL={broker.url}\nBANYAN_DATABASE_URL={database}\n")
        sys.stdout.flush()
        sys.stderr.write(f"Management: {broker.api}  (Ctrl-C ends both)\n")
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        broker.stop()
        postgres.stop()


if __name__ == "__main__":
    main()
