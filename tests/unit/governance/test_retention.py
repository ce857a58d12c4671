"""How long what is kept: never so short that a policy would miss what it looks back on."""

import pytest

from services.governance.domain.instants import DAY, HOUR
from services.governance.domain.policies import CoolingOff, RollingLimit, Scope
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from services.governance.domain.retention import Retention, cutoff, shortest
from shared.kernel.text import Text

TERMS = Terms(channels=frozenset({"sms"}), outbound_life=48 * HOUR, clock_tolerance=HOUR)
COMMON = {"rule_id": "r", "version": "1", "because": Text("", ""), "scope": Scope()}
ROLLING = RollingLimit(**COMMON, limit=1, span=30 * DAY, per="customer")
COOLING = CoolingOff(**COMMON, after=frozenset({"refused"}), same="any", span=90 * DAY)


@pytest.mark.parametrize(("policies", "days"), [([], 0), ([ROLLING], 30), ([COOLING], 90), ([ROLLING, COOLING], 90)])
def test_the_shortest_span_is_what_policies_look_back_on_from_an_open_reservation(
    policies: list[RollingLimit | CoolingOff], days: int
) -> None:
    assert shortest(PolicySet("v", policies), TERMS) == days * DAY + 48 * HOUR + HOUR + DAY


def test_a_longer_setting_is_kept_a_shorter_one_raised_and_the_audit_is_never_shorter() -> None:
    policies, now = PolicySet("v", [COOLING]), 10_000 * DAY
    assert cutoff(Retention(100 * DAY, 200 * DAY), policies, TERMS, now) == (now - 100 * DAY, now - 200 * DAY)
    least = shortest(policies, TERMS)
    assert cutoff(Retention(1 * DAY, 2 * DAY), policies, TERMS, now) == (now - least, now - least)
