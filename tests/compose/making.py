"""`make up` and `make down` as an operator types them, in a copy of the project of which no command has been run."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.compose.account import Account
from tests.compose.building import ROOT
from tests.compose.engine import docker_command, run
from tests.compose.stack import Stack

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", ".env", "__pycache__", ".*_cache", ".hypothesis")
_DOCKER = """#!/bin/sh
# Compose builds with buildx, which Debian 12 has not. The image is there, made by docker/Dockerfile for this run.
[ "$1 $2" = "compose build" ] && exit 0
exec {docker} "$@"
"""


def check_make(account: Account, stack: Stack) -> None:
    """Require that everything runs after `make up`, and that `make down` keeps the data unless told otherwise."""
    home = stack.folder / "make"
    shutil.copytree(ROOT, home, ignore=_LEFT_OUT)
    environment = _environment(stack, stack.folder / "programs")

    def make(*arguments: str) -> str:
        return run(["make", "-C", str(home), *arguments], environment)

    def docker(*arguments: str) -> str:
        return run(["docker", *arguments], environment).strip()

    labelled = f"label=com.docker.compose.project={environment['COMPOSE_PROJECT_NAME']}"
    said = make("up")
    account.require("Banyan runs" in said, "`make up` says what to do next", f"{len(said.splitlines())} lines")
    account.require((home / ".env").stat().st_mode & 0o777 == 0o600, "its secrets are its owner's alone", ".env 600")
    told = docker("compose", "--project-directory", str(home), "run", "--rm", "-T", "operator", "status", "--json")
    seen = json.loads(told)
    account.require(seen["is_well"], "`docker compose run --rm operator status`", f"{len(seen['containers'])} well")
    make("down")
    account.require(not docker("ps", "--all", "--quiet", "--filter", labelled), "`make down` leaves no container", "")
    volumes = docker("volume", "ls", "--quiet", "--filter", labelled).split()
    account.require(bool(volumes), "and keeps the data", f"{len(volumes)} volumes")
    make("down", "ARGS=--volumes")
    left = docker("volume", "ls", "--quiet", "--filter", labelled)
    account.require(not left, "`make down ARGS=--volumes` does not", left)


def _environment(stack: Stack, folder: Path) -> Mapping[str, str]:
    """Return what an operator's shell would hold, `docker` with its plugin `compose` included."""
    plugins = folder / "config" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(Path(sys.executable).with_name("docker-compose"))
    command = folder / "docker"
    command.write_text(_DOCKER.format(docker=docker_command()), "ascii")
    command.chmod(0o755)
    plain = stack.environment
    return plain | {"PATH": f"{folder}:{plain['PATH']}", "DOCKER_CONFIG": str(folder / "config")}
