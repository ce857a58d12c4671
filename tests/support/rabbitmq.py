"""A private RabbitMQ node: own folder, ports, name and port mapper, gone with the process that started it."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from tests.support.calm import QUORUM_TICK_MS
from tests.support.processes import Guarded, MissingServerError, free_port, give, make_folder, server_user

_START_SECONDS = 90
_API_PORT = 15672


@dataclass(frozen=True, slots=True)
class Configured:
    """What a node is told beside its places: rabbitmq.conf, the AMQP port it names, and who administers it."""

    text: str
    port: int
    user: str
    password: str


class RabbitMQ:
    """A broker on which virtual hosts may be made and deleted.

    `url` names the broker and user; `api` is its management address (`http://user:password@host:port`).
    """

    def __init__(self, url: str, api: str | None = None, guarded: Guarded | None = None) -> None:
        self.url = url
        self.api = api or _usual_api(url)
        self._guarded = guarded

    @classmethod
    def start(cls, configured: "Configured | None" = None) -> Self:
        """Start a private node, with our own user or as `configured`; raises MissingServerError without programs."""
        server, mapper = find_programs()
        user = server_user("rabbitmq")
        folder = make_folder("rabbitmq", user)
        password = secrets.token_urlsafe(12)
        ports = {name: free_port() for name in ("amqp", "api", "mapper", "distribution")}
        ours = Configured(_listening(password, ports["amqp"]), ports["amqp"], "banyan", password)
        configured = configured or ours
        _configure(folder, user, configured.text, ports)
        programs = [[str(mapper), "-port", str(ports["mapper"])], [str(server)]]
        guarded = Guarded(folder, programs, _environment(folder, ports), user=user, stop="SIGKILL")
        node = cls(
            f"amqp://{configured.user}:{configured.password}@127.0.0.1:{configured.port}/",
            f"http://{configured.user}:{configured.password}@127.0.0.1:{ports['api']}",
            guarded,
        )
        guarded.wait_until(node.answers, seconds=_START_SECONDS)
        return node

    def create_vhost(self) -> str:
        """Make an empty virtual host that our user may use, and return its AMQP URL."""
        name = f"banyan_{secrets.token_hex(6)}"
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.ask("PUT", f"/api/vhosts/{name}")
        self.ask("PUT", f"/api/permissions/{name}/{quote(urlsplit(self.url).username or 'guest')}", everything)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def delete_vhost(self, url: str) -> None:
        """Delete a virtual host made by `create_vhost` with all it holds."""
        self.ask("DELETE", f"/api/vhosts/{urlsplit(url).path.lstrip('/')}")

    def ask(self, method: str, path: str, body: object = None) -> object:
        """Call the management API; returns the decoded answer, or None for an empty one."""
        with httpx.Client(timeout=10, trust_env=False) as client:
            answer = client.request(method, self.api + path, json={} if body is None and method == "PUT" else body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def answers(self) -> bool:
        """Tell whether broker and management are up."""
        with contextlib.suppress(httpx.HTTPError):
            self.ask("GET", f"/api/health/checks/port-listener/{urlsplit(self.url).port or 5672}")
            return True
        return False

    def restart(self, *, is_hard: bool) -> None:
        """Restart our own node: by SIGKILL, or after a clean stop; durable queues and persistent messages stay."""
        self._own().restart("SIGKILL" if is_hard else "SIGTERM", self.answers, seconds=_START_SECONDS)

    def down(self) -> None:
        """End our own node by SIGKILL; `up` starts it again with what it holds."""
        self._own().down("SIGKILL")

    def up(self) -> None:
        """Start it again."""
        self._own().up(self.answers, seconds=_START_SECONDS)

    def stop(self) -> None:
        """Stop the node, if it is ours."""
        if self._guarded:
            self._guarded.stop()

    def _own(self) -> Guarded:
        if self._guarded is None:
            raise MissingServerError("a RabbitMQ of our own: one that was only named is not restarted")
        return self._guarded


def find_programs() -> tuple[Path, Path]:
    """Return rabbitmq-server and Erlang's port mapper; raises MissingServerError naming what is not there."""
    wrapper = shutil.which("rabbitmq-server", path=_search_path())
    mapper = shutil.which("epmd", path=_search_path())
    if not wrapper or not mapper:
        msg = "RabbitMQ (rabbitmq-server, epmd)"
        raise MissingServerError(msg)
    # Debian puts a wrapper on the path that insists on its own user and log files; the program lies beside it.
    return Path(wrapper).resolve().with_name("rabbitmq-server"), Path(mapper)


def _search_path() -> str:
    places = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
    return os.pathsep.join(places)


def _usual_api(url: str) -> str:
    parts = urlsplit(url)
    return f"http://{parts.username or 'guest'}:{parts.password or 'guest'}@{parts.hostname}:{_API_PORT}"


def _listening(password: str, port: int) -> str:
    settings = {
        "listeners.tcp.1": f"127.0.0.1:{port}",
        "default_user": "banyan",
        "default_pass": password,
        "disk_free_limit.absolute": "50MB",
        "log.console": "true",
        "log.console.level": "warning",
        "log.file": "false",
    }
    return _conf(settings)


def _conf(settings: Mapping[str, object]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _configure(folder: Path, user: str | None, more: str, ports: dict[str, int]) -> None:
    settings = {
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": ports["api"],
        # Statistics cost the broker more than small messages do; nobody reads them here.
        "management_agent.disable_metrics_collector": "true",
    }
    files = {
        "rabbitmq.conf": _conf(settings) + more,
        "enabled_plugins": "[rabbitmq_management].\n",
        "rabbitmq-env.conf": "",
        "advanced.config": f"[{{rabbit, [{{quorum_tick_interval, {QUORUM_TICK_MS}}}]}}].\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
        give(folder / name, user)


def _environment(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    return {
        "PATH": _search_path(),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(ports["mapper"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"banyan-{ports['amqp']}@localhost",
        "RABBITMQ_DIST_PORT": str(ports["distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
    }
