"""The order of a run: a stack in peace, with three replicas of governance, then one whose containers are lost."""

import sys
from collections.abc import Sequence
from pathlib import Path

from services.workbench.registry import CONTAINERS
from tests.compose.account import Account
from tests.compose.answering import answers, roll
from tests.compose.building import BASE
from tests.compose.campaign import EVENING_BEFORE, Outcome, check_outcome, run_campaigns
from tests.compose.engine import running_engine
from tests.compose.image import check_containers, check_image
from tests.compose.losses import run_with_losses
from tests.compose.making import check_make
from tests.compose.profiles import check_observability, check_sandbox
from tests.compose.stack import Stack
from tests.compose.tls import check_tls

STAGES = ("image", "up", "scale", "campaign", "backup", "observability", "sandbox", "losses", "tls", "make")
_REPLICAS = 3


def run(account: Account, folder: Path, stages: Sequence[str], *, keep: bool) -> None:
    """Run the stages named; a stage that breaks off is noted, and the next one tried."""
    with running_engine(folder / "engine", is_networked=False) as environment:
        stack = Stack(environment, folder / "stack", EVENING_BEFORE)
        try:
            undisturbed = _in_peace(account, stack, stages)  # None: not run, or broken off
            if "losses" in stages:
                if undisturbed:
                    _start_anew(account, stack)
                _with_losses(account, stack, undisturbed)
            if "tls" in stages:
                with account.trying("tls"):
                    stack.compose("down")
                    check_tls(account, stack)
            if "make" in stages:
                with account.trying("make"):
                    stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
                    check_make(account, stack)
            if keep:
                _wait_for_enter(account, stack)
        finally:
            _save_logs(stack, folder)
            stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")


def _in_peace(account: Account, stack: Stack, stages: Sequence[str]) -> Outcome | None:
    outcome = None
    if "image" in stages:
        with account.trying("image"):
            stack.compose("--profile", "*", "config", "--quiet")
            account.require(holds=True, what="docker-compose config accepts the file", figure="every profile")
            check_image(account, stack, BASE)
    with account.trying("up"):
        stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        stack.up()
        check_containers(account, stack)
        silent = answers(stack)
        account.require(not silent, "every container of every service answers", "; ".join(silent) or len(CONTAINERS))
    replicas = 1
    if "scale" in stages:
        with account.trying("scale"):
            replicas = _REPLICAS
            stack.up("--scale", f"governance={replicas}")
            present = {one.host for one in roll(stack).present if one.container == "governance"}
            account.require(
                len(present) == replicas, f"{replicas} replicas of governance answer the roll call", sorted(present)
            )
    if "campaign" in stages:
        with account.trying("campaign"):
            outcome = run_campaigns(stack)
            check_outcome(account, outcome, stack.folder)
    if "backup" in stages:
        with account.trying("backup"):
            said = stack.compose("run", "--rm", "backup", "create", "/backups/trial", "--json")
            account.require("governance" in said, "all databases are backed up while services run", "/backups/trial")
            stack.compose("run", "--rm", "backup", "check")
            account.require(holds=True, what="the ledger knows every contact the others know", figure="backup check")
    if "observability" in stages:
        with account.trying("observability"):
            check_observability(account, stack, replicas)
    if "sandbox" in stages:
        with account.trying("sandbox"):
            check_sandbox(account, stack)
    return outcome


def _start_anew(account: Account, stack: Stack) -> None:
    with account.trying("up again"):
        stack.compose("--profile", "*", "down", "--volumes", "--timeout", "20")
        stack.move_clock(EVENING_BEFORE)
        stack.up()


def _with_losses(account: Account, stack: Stack, undisturbed: Outcome | None) -> None:
    with account.trying("losses"):
        outcome = run_with_losses(account, stack)
        check_outcome(account, outcome, stack.folder)
        if undisturbed:
            same = outcome.facts() == undisturbed.facts()
            account.require(same, "the same contacts as without losses", f"{len(outcome.contacts)} contacts")


def _wait_for_enter(account: Account, stack: Stack) -> None:
    account.say(f"the stack stays up: DOCKER_HOST={stack.docker_host} docker ps; Enter ends it")
    sys.stdin.readline()


def _save_logs(stack: Stack, folder: Path) -> None:
    (folder / "services.log").write_text(stack.compose("--profile", "*", "logs", "--no-color", "--timestamps"), "utf-8")
