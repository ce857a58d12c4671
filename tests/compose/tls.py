"""The bus by TLS alone: certificates of an authority of our own, made for one run."""

import socket
import subprocess
from pathlib import Path

from tests.compose.account import Account
from tests.compose.answering import answers
from tests.compose.stack import Stack

_DAYS = "2"


def check_tls(account: Account, stack: Stack) -> None:
    """Start the stack anew with docker-compose.tls.yml: all must answer, and plain AMQP must not be spoken."""
    make_certificates(stack.folder / "tls")
    stack.uses_tls = True
    stack.up()
    silent = answers(stack)
    account.require(not silent, "all services answer by amqps", "; ".join(silent) or "10 containers")
    account.require(not _speaks_plainly(), "nobody listens without TLS")
    told = stack.compose("run", "--rm", "-T", "operator", "status")
    account.require(holds=True, what="`banyan status` by amqps", figure=f"{len(told.splitlines())} lines")


def make_certificates(folder: Path) -> None:
    """Write ca.pem, server.pem (for rabbitmq and localhost) and server.key."""
    folder.mkdir()
    names = folder / "names"
    names.write_text("subjectAltName=DNS:rabbitmq,DNS:localhost\n", "ascii")
    key = ("-newkey", "rsa:2048", "-nodes")
    _openssl(folder, "req", "-x509", *key, "-days", _DAYS, "-subj", "/CN=trial", "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(folder, "req", *key, "-subj", "/CN=rabbitmq", "-keyout", "server.key", "-out", "server.csr")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", _DAYS, "-extfile", "names")
    _openssl(folder, "x509", "-req", "-in", "server.csr", *signed, "-out", "server.pem")
    (folder / "ca.key").unlink()
    (folder / "server.key").chmod(0o644)  # RabbitMQ runs as a user of its own; the key lives for this run


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def _speaks_plainly() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", 5672), timeout=3) as line:
            line.settimeout(3)
            line.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(line.recv(8))
    except OSError:
        return False
