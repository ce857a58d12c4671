"""The earliest moment a suppression names is one: a reservation then succeeds, and a microsecond before it does not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.governance.application.use_cases import UseCases
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ContactRequest, ListEntry
from tests.integration.governance.ledger_policies import SETS, STARTS
from tests.integration.governance.ledger_site import CUSTOMERS, LISTS, Site, requests
from tests.integration.governance.world import World

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def site(make_world: Callable[..., World]) -> Site:
    return Site(make_world())


def test_what_a_suppression_names_as_the_earliest_moment_is_permitted_and_a_microsecond_before_is_not(
    site: Site, database_url: str
) -> None:
    verified: list[str] = []

    @settings(
        max_examples=40 if database_url.startswith("sqlite") else 10,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), name=st.sampled_from(sorted(SETS)), start=st.sampled_from(STARTS))
    def each(data: st.DataObject, name: str, start: datetime) -> None:
        site.empty()
        site.clocks[0].moment = start
        use = site.uses[name][0]
        use.reserve(data.draw(st.lists(requests(start, start, []), min_size=8, max_size=16)))
        _disturb(use, data, start)
        for number in range(3):
            asked = msgspec.structs.replace(data.draw(requests(start, start, [])), contact_id=f"asked-{number}")
            [told] = use.reserve([asked])
            if told.next_allowed_at is not None:
                verified.extend(reason.rule_id for reason in told.reasons)
                _verify(use, asked, told.next_allowed_at)

    each()
    kinds = {rule_id[2:] for rule_id in verified}
    assert len(verified) > 20
    assert len(kinds) > 5  # rules of all kinds were met


def _verify(use: UseCases, asked: ContactRequest, at: datetime) -> None:
    just_before = msgspec.structs.replace(asked, contact_id="just-before", planned_at=at - MICROSECOND)
    then = msgspec.structs.replace(asked, contact_id=f"then-{asked.contact_id}", planned_at=at)
    if at > asked.planned_at:
        assert use.check([just_before])[0].verdict == "suppress", (asked, at)
    assert use.reserve([then])[0].verdict == "permit", (asked, at)


def _disturb(use: UseCases, data: st.DataObject, start: datetime) -> None:
    """Let a subscriber be on a list for a while, and another refuse something."""
    entry = ListEntry(
        customer_id=data.draw(CUSTOMERS),
        reason="asked",
        source="hall",
        author="clerk",
        category=data.draw(st.sampled_from([None, "music"])),
        starts_at=data.draw(st.sampled_from([None, start + timedelta(hours=9)])),
        ends_at=start + timedelta(hours=data.draw(st.sampled_from([10, 33, 500]))),
    )
    use.list_put(data.draw(LISTS), [entry])
    refusal = RecordedOutcome(
        contact_id="refused",
        customer_id=data.draw(CUSTOMERS),
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome=data.draw(st.sampled_from(["refused", "complaint"])),
        detail="",
        at=start - timedelta(hours=data.draw(st.integers(0, 200))),
    )
    use.outcomes_recorded(f"outcome-{data.draw(st.uuids())}", OutcomesRecorded(outcomes=[refusal]))
