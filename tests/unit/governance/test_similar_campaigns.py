"""No similar campaign within the span: what counts, what does not, and that no order of asking slips past it."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.application.translation import is_storable
from services.governance.domain.contacts import Contact, Situation
from services.governance.domain.instants import DAY, HOUR, from_micros
from services.governance.domain.judgement import judge
from services.governance.domain.policies import RollingLimit, Scope
from services.governance.domain.policy_set import PolicySet
from shared.contracts.governance import ContactRequest
from tests.unit.governance.builders import NAMED, NOW, TERMS, contact, decide, moment, rolling, verdicts

FORTNIGHT = 14 * DAY
NO_REPEAT = rolling(1, FORTNIGHT, "no-similar", per="similar_campaign")
SPRING = Situation([contact("a", "2026-03-05T10:00:00", campaign_id="spring")])


def summer(at: str, **fields: object) -> Contact:
    return contact("b", at, **{"campaign_id": "summer", "similar_to": ("spring",), **fields})


def test_a_similar_campaign_waits_until_the_span_is_over() -> None:
    [early, on_time] = [
        decide([NO_REPEAT], [summer(at)], SPRING)[0] for at in ("2026-03-19T09:59:59", "2026-03-19T10:00:00")
    ]
    assert verdicts([early, on_time]) == [False, True]
    assert early.next_allowed_at == moment("2026-03-19T10:00:00")
    assert (early.counters, early.findings[0].rule_id) == ((1,), "no-similar")


def test_a_contact_planned_later_counts_as_well() -> None:
    later = Situation([contact("a", "2026-03-20T10:00:00", campaign_id="spring")])
    assert verdicts(decide([NO_REPEAT], [summer("2026-03-06T10:00:01")], later)) == [False]
    assert verdicts(decide([NO_REPEAT], [summer("2026-03-06T10:00:00")], later)) == [True]


def test_campaigns_that_neither_names_do_not_count() -> None:
    unlike = [summer("2026-03-06T10:00:00", similar_to=named) for named in ((), ("autumn",))]
    assert [decide([NO_REPEAT], [one], SPRING)[0].is_permitted for one in unlike] == [True, True]


def test_it_is_enough_that_the_contact_that_stands_names_the_campaign() -> None:
    standing = Situation([contact("a", "2026-03-05T10:00:00", campaign_id="spring", similar_to=("summer",))])
    unaware = summer("2026-03-06T10:00:00", similar_to=())
    assert verdicts(decide([NO_REPEAT], [unaware], standing)) == [False]


def test_a_campaigns_own_follow_up_is_no_repeat_even_when_it_names_itself() -> None:
    again = summer("2026-03-06T10:00:00", campaign_id="spring", similar_to=("spring", "summer"))
    assert verdicts(decide([NO_REPEAT], [again], SPRING)) == [True]


def test_a_contact_that_the_policy_does_not_look_at_neither_counts_nor_is_kept_back() -> None:
    scoped = rolling(1, FORTNIGHT, per="similar_campaign", scope=Scope(purposes=frozenset({"marketing"})))
    served = Situation([contact("a", "2026-03-05T10:00:00", campaign_id="spring", purpose="service")])
    assert verdicts(decide([scoped], [summer("2026-03-06T10:00:00")], served)) == [True]
    assert verdicts(decide([scoped], [summer("2026-03-06T10:00:00", purpose="service")], SPRING)) == [True]


def test_of_two_similar_campaigns_in_one_batch_the_higher_priority_goes_first() -> None:
    first = contact("a", "2026-03-06T10:00:00", campaign_id="spring", similar_to=("summer",), priority=1)
    second = summer("2026-03-05T10:00:00", priority=2)
    [spring, asked_first] = decide([NO_REPEAT], [first, second])
    assert verdicts([spring, asked_first]) == [False, True]
    assert spring.next_allowed_at == moment("2026-03-19T10:00:00")


@pytest.mark.parametrize(
    ("names", "is_kept"),
    [
        ([], True),
        ([f"{number:064}" for number in range(150)], True),
        ([f"{number:064}" for number in range(157)], False),
        (["line\nbreak"], False),
    ],
)
def test_a_request_may_name_many_campaigns_but_not_without_end(names: list[str], is_kept: bool) -> None:
    asked = ContactRequest(
        contact_id="a",
        customer_id="anna",
        channel="sms",
        campaign_id="spring",
        offering_id="crbt",
        category="music",
        purpose="marketing",
        direction="outbound",
        planned_at=from_micros(NOW),
        similar_to=names,
    )
    assert is_storable(asked) is is_kept


CAMPAIGNS = ("spring", "summer", "autumn", "winter")
pairs = st.sets(st.sampled_from([frozenset(pair) for pair in combinations(CAMPAIGNS, 2)]))


@st.composite
def streams(draw: st.DrawFn) -> tuple[set[frozenset[str]], list[list[Contact]]]:
    alike = draw(pairs, label="alike")
    named = {one: tuple(sorted(set().union(*(pair for pair in alike if one in pair)) - {one})) for one in CAMPAIGNS}
    made = []
    for number in range(draw(st.integers(1, 12))):
        campaign = draw(st.sampled_from(CAMPAIGNS))
        at = NOW + HOUR * draw(st.integers(0, 24 * 20))
        rank = draw(st.integers(0, 3))
        made.append(contact(f"c{number}", at, campaign_id=campaign, similar_to=named[campaign], priority=float(rank)))
    cut = draw(st.integers(0, len(made)))
    return alike, [made[:cut], made[cut:]]


@settings(max_examples=200, deadline=None)
@given(streams(), st.sampled_from([DAY, 3 * DAY, FORTNIGHT]))
def test_two_campaigns_that_name_each_other_never_stand_within_the_span_whatever_the_order(
    stream: tuple[set[frozenset[str]], list[list[Contact]]], span: int
) -> None:
    alike, batches = stream
    policies = PolicySet("set", [RollingLimit(**NAMED, rule_id="no", limit=1, span=span, per="similar_campaign")])
    standing: list[Contact] = []
    for batch in batches:
        situation = {"anna": Situation(sorted(standing, key=lambda one: one.at))}
        decisions = judge(batch, situation, policies, {}, TERMS, NOW).decisions
        standing += [made.contact for made in decisions if made.is_permitted]
        assert all(made.is_permitted or made.next_allowed_at is not None for made in decisions)
    for one, two in combinations(standing, 2):
        if frozenset({one.campaign_id, two.campaign_id}) in alike:
            assert abs(one.at - two.at) >= span
    campaigns_alone = {one.campaign_id for one in batches[0] + batches[1]} - set().union(*alike)
    asked_alone = [one.contact_id for batch in batches for one in batch if one.campaign_id in campaigns_alone]
    assert {one.contact_id for one in standing} >= set(asked_alone)
