"""A RabbitMQ as `docker/rabbitmq` sets it up: its configuration, the definitions of `banyan broker`, TLS alone."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self
from urllib.parse import quote

from services.workbench.broker.definitions import VHOST, Document, definitions
from services.workbench.broker.integrators import Integrator, read_integrators
from services.workbench.broker.passwords import hash_of
from services.workbench.broker.surface import Surface, surface
from services.workbench.broker.users import all_users
from shared.messaging.settings import BusSettings
from tests.support.processes import free_port, give, make_folder, server_user
from tests.support.rabbitmq import Configured, RabbitMQ

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docker" / "rabbitmq"
STRANGER = Integrator(name="stranger", calls=["campaigns.story"], queues={"stranger.orders": []})


def password_of(user: str) -> str:
    """Return a password that `{service}` in an address can be filled into."""
    return f"secret-of-{user}-1234"


class Certificates:
    """A private authority and a certificate for this machine, made by the openssl program."""

    def __init__(self, folder: Path) -> None:
        self.ca, self.key, self.server = folder / "ca.pem", folder / "server.key", folder / "server.pem"
        request, extension = folder / "server.csr", folder / "extension"
        extension.write_text("subjectAltName=DNS:localhost\n")
        life = ["-days", "2"]
        new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"]
        ca_key = str(folder / "ca.key")
        _openssl(*new, "/CN=Banyan test", "-x509", "-keyout", ca_key, "-out", str(self.ca), *life)
        _openssl(*new, "/CN=localhost", "-keyout", str(self.key), "-out", str(request))
        signed = ["-CA", str(self.ca), "-CAkey", ca_key, "-CAcreateserial", "-extfile", str(extension)]
        _openssl("x509", "-req", "-in", str(request), *signed, "-out", str(self.server), *life)


class Fortress:
    """The node, and the address of any of its users."""

    def __init__(self, node: RabbitMQ, place: Path, port: int, certificates: Certificates) -> None:
        self.node, self.port, self.certificates = node, port, certificates
        self._place = place

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start it, with the committed integrators and one more who may do next to nothing."""
        certificates = Certificates(folder)
        user = server_user("rabbitmq")
        place = make_folder("fortress", user)
        port = free_port()
        document = place / "definitions.json"
        document.write_text(json.dumps(_definitions()))
        for path in (certificates.ca, certificates.server, certificates.key):
            (place / path.name).write_bytes(path.read_bytes())
        for path in place.iterdir():
            give(path, user)
        text = _configuration(place, port, document)
        node = RabbitMQ.start(Configured(text, port, "banyan_admin", password_of("banyan_admin")))
        return cls(node, place, port, certificates)

    def url_of(self, user: str, *, host: str = "localhost", options: str | None = None) -> str:
        """Return the address of a user; `{service}` in the name stays as written."""
        options = f"cafile={self.certificates.ca}" if options is None else options
        return f"amqps://{user}:{password_of(user)}@{host}:{self.port}/{VHOST}?{options}"

    def create_vhost(self) -> str:
        """Return the address of services: there is one virtual host, and it is there."""
        return self.url_of("banyan_{service}")

    def delete_vhost(self, _url: str) -> None:
        """Leave it: it goes with the node."""

    def stop(self) -> None:
        """Stop the node and delete its certificates."""
        self.node.stop()
        shutil.rmtree(self._place, ignore_errors=True)

    def ask(self, method: str, path: str, body: object = None) -> object:
        """Call the management API as the administrator."""
        bare, _, options = path.partition("?")
        return self.node.ask(method, quote(bare) + (f"?{options}" if options else ""), body)


def wanted_with(hashes: Mapping[str, str]) -> Document:
    """Return the definitions of the committed integrators and the stranger."""
    settings = BusSettings()
    return definitions(settings, _offered(), _integrators(), hashes)


@cache
def _offered() -> Surface:
    return surface(BusSettings())


def _integrators() -> list[Integrator]:
    offered = _offered()
    return [*read_integrators(CONFIGURATION / "integrators.yaml", offered.methods, offered.events), STRANGER]


def _definitions() -> Document:
    names = [user.name for user in all_users(_integrators(), _offered().sources)]
    return wanted_with({name: hash_of(password_of(name)) for name in names})


def _configuration(place: Path, port: int, document: Path) -> str:
    """Return the committed files, with the paths and ports of this node in place of the image's."""
    files = [CONFIGURATION / "conf.d" / "10-banyan.conf", CONFIGURATION / "tls.conf"]
    text = "".join(path.read_text("utf-8") for path in files)
    text = text.replace("/definitions/definitions.json", str(document)).replace("/etc/rabbitmq/tls", str(place))
    return text.replace("= 5671", f"= {port}").replace("= 1GB", "= 50MB")


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
