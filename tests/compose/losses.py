"""Every container lost in turn while campaigns run; afterwards nothing may be missing, and nothing be there twice."""

from tests.compose.account import Account
from tests.compose.answering import Blow
from tests.compose.campaign import MOMENTS, Outcome, run_campaigns
from tests.compose.stack import Stack

SECONDS_ALLOWED = 30
TURNS = ("governance", "rabbitmq", "campaigns", "postgres", "channels", "customer_view", "catalogue")
"""Who is killed before which step; the broker and the database server in the middle of the first working day."""


def run_with_losses(account: Account, stack: Stack) -> Outcome:
    """Run the campaigns, kill one container a step, require that all services answer in time."""
    blows: list[Blow] = []

    def at_step(step: int) -> None:
        if blows:
            blows[-1].join()
        if step < len(TURNS):
            account.say(f"step {step + 1} of {len(MOMENTS)}: {TURNS[step]} is killed")
            blows.append(Blow(stack, TURNS[step]))

    outcome = run_campaigns(stack, at_step=at_step)
    for blow in blows:
        blow.join()
        holds = blow.answered_after is not None and blow.answered_after <= SECONDS_ALLOWED
        account.require(holds, f"{blow.service} lost: all answer within {SECONDS_ALLOWED} s of its return", _told(blow))
    dead = {name: count for name, count in stack.backlog().items() if name.startswith("dead.")}
    account.require(not dead, "no dead letters", dead or "none")
    return outcome


def _told(blow: Blow) -> str:
    if blow.back_after is None or blow.answered_after is None:
        return blow.complaint
    return f"back after {blow.back_after:.1f} s, all answered {blow.answered_after:.1f} s later"
