"""What the image and its containers may be: no root, nothing to write to, no secret, the locked packages alone."""

import json
import re

from services.workbench.registry import SERVICES
from tests.compose.account import Account
from tests.compose.building import ROOT, VERSION
from tests.compose.engine import EngineError
from tests.compose.stack import Stack

_USER = "10001:10001"
_MOST_MEGABYTES = 400  # without the base image
_LIST = "import importlib.metadata as m; print('\\n'.join(f'{d.name}=={d.version}' for d in m.distributions()))"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def check_image(account: Account, stack: Stack, base: str) -> None:
    """Require of the image what must hold before any container runs."""
    tag = f"banyan:{VERSION}"
    facts = json.loads(stack.docker("inspect", tag))[0]
    account.require(facts["Config"]["User"] == _USER, "the image's user is a number, not root", facts["Config"]["User"])
    labels = facts["Config"]["Labels"] or {}
    account.require(
        labels.get("org.opencontainers.image.version") == VERSION, "labels name version and revision", labels
    )
    size = (facts["Size"] - json.loads(stack.docker("inspect", base))[0]["Size"]) / 1e6
    account.require(size < _MOST_MEGABYTES, f"less than {_MOST_MEGABYTES} MB on top of the base", f"{size:.0f} MB")
    told = stack.docker("history", "--no-trunc", "--format", "{{json .}}", tag) + json.dumps(facts)
    account.require(not _leaked(told, stack), "no secret in layers, history or environment", _leaked(told, stack))
    files = stack.docker(
        "run", "--rm", "--entrypoint", "find", tag, "/srv", "/opt", "-name", ".env*", "-o", "-name", "*.pem"
    )
    found = [name for name in files.split() if "certifi" not in name and "site-packages" not in name]
    account.require(not found, "no .env and no key among its files", found or "none")
    account.require(*_as_locked(stack, tag))


def check_containers(account: Account, stack: Stack) -> None:
    """Require of every running service that it can do no more than it needs."""
    for service in SERVICES:
        facts = stack.containers(service)[0]
        account.require(facts["State"]["Health"]["Status"] == "healthy", f"{service} is healthy", "RPC ping")
        own, others = _passwords_in(facts["Config"]["Env"], service, stack)
        account.require(own == 2 and not others, f"{service} knows its own two secrets only", others or "own only")
        status = stack.compose("exec", "-T", service, "cat", "/proc/self/status")
        powers = {
            line.split(":")[0]: line.split()[-1]
            for line in status.splitlines()
            if line.startswith(("Uid", "CapEff", "NoNew"))
        }
        account.require(
            powers == {"Uid": "10001", "CapEff": "0000000000000000", "NoNewPrivs": "1"},
            f"{service} runs without root and capabilities",
            powers,
        )
        account.require(_is_read_only(stack, service), f"{service} cannot write to its file system")


def _leaked(text: str, stack: Stack) -> list[str]:
    return [name for name, secret in stack.secrets.items() if secret in text]


def _as_locked(stack: Stack, tag: str) -> tuple[bool, str, str]:
    locked = {
        _plain(name): version for name, version in _LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8"))
    }
    told = stack.docker("run", "--rm", "--entrypoint", "/opt/banyan/bin/python", tag, "-c", _LIST)
    installed = {_plain(name): version for name, version in _LOCKED.findall(told)}
    installed.pop("banyan", None)
    differing = {name for name, version in installed.items() if locked.get(name) != version}
    return not differing, "its packages are those of the lock file", str(differing or f"{len(installed)} packages")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _passwords_in(environment: list[str], service: str, stack: Stack) -> tuple[int, list[str]]:
    text = "\n".join(environment)
    held = [name for name, secret in stack.secrets.items() if secret in text]
    own = [name for name in held if name.endswith(f"_PASSWORD_{service.upper()}")]
    return len(own), [name for name in held if name not in own]


def _is_read_only(stack: Stack, service: str) -> bool:
    for folder in ("/", "/srv/banyan", "/srv/banyan/rules", "/opt/banyan"):
        try:
            stack.compose("exec", "-T", service, "sh", "-c", f"touch {folder}/written")
        except EngineError:
            continue
        return False
    return True
