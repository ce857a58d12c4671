"""The images: a Debian that is imported, not pulled; servers of Debian's packages on it; ours by its own Dockerfile."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.compose.engine import EngineError, docker_command, run, running_engine

ROOT = Path(__file__).parents[2]
BASE = "banyan-trial/base:bookworm"
IMAGES = {
    "RABBITMQ_IMAGE": "banyan-trial/rabbitmq:bookworm",
    "POSTGRES_IMAGE": "banyan-trial/postgres:bookworm",
    "PROMETHEUS_IMAGE": "banyan-trial/prometheus:bookworm",
    "BASE_IMAGE": BASE,
}
"""What the Compose file is told to use instead of images that would have to be pulled."""
VERSION = "trial"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_UNNEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists")


def build_images(data: Path, say: Callable[[str], None], pip_conf: Path | None) -> None:
    """Make every image in the engine's data; what did not change since the last run is taken from its cache."""
    with running_engine(data, is_networked=True) as environment:
        docker = docker_command()
        if not run([docker, "images", "-q", BASE], environment).strip():
            say("a Debian is unpacked and imported as the base image")
            _import_base(docker, environment)
        for name in ("rabbitmq", "postgres", "prometheus"):
            say(f"image of {name}, which stands in for the official one")
            folder = Path(__file__).parent / "images" / name
            _build(docker, environment, f"banyan-trial/{name}:bookworm", str(folder))
        say("image of Banyan, by docker/Dockerfile")
        secret = ["--secret", f"id=pip_conf,src={pip_conf}"] if pip_conf else []
        _build(
            docker,
            environment,
            f"banyan:{VERSION}",
            *("--file", str(ROOT / "docker" / "Dockerfile"), "--build-arg", f"BANYAN_VERSION={VERSION}"),
            *("--build-arg", f"BANYAN_REVISION={_revision()}", *secret, str(ROOT)),
        )
        run([docker, "image", "prune", "--force"], environment)


def _build(docker: str, environment: dict[str, str], tag: str, *rest: str) -> None:
    # The machine's own network: the engine has none that would reach the package index.
    run([docker, "build", "--network", "host", "--build-arg", f"BASE_IMAGE={BASE}", "--tag", tag, *rest], environment)


def _import_base(docker: str, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="banyan-base-") as folder:
        system = Path(folder, "root")
        run(
            ["debootstrap", "--variant=minbase", "--include=python3,ca-certificates", "bookworm", str(system)],
            environment,
        )
        if _CERTIFICATES.exists():  # so that builds trust what this machine trusts
            shutil.copy(_CERTIFICATES, system / _CERTIFICATES.relative_to("/"))
        for place in _UNNEEDED:
            shutil.rmtree(system / place, ignore_errors=True)
            (system / place).mkdir(parents=True)
        with subprocess.Popen(["tar", "-C", str(system), "-c", "."], stdout=subprocess.PIPE) as packed:
            done = subprocess.run(
                [docker, "import", "-", BASE],
                env=environment,
                stdin=packed.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode or packed.returncode:
            raise EngineError(f"the base image could not be imported: {done.stderr}")


def _revision() -> str:
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
