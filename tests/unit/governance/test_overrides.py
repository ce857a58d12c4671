"""Overrides as the domain judges by them: they lift what they name and nothing else, at the planned moment."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.governance.domain.contacts import ListMark, OverrideMark, Situation
from services.governance.domain.instants import DAY, HOUR
from services.governance.domain.judgement import judge
from services.governance.domain.overrides import LONGEST, OverrideEntry, is_same_person, lasts_too_long, mark_of
from services.governance.domain.policies import ListEffect
from services.governance.domain.policy_set import PolicySet
from tests.unit.governance.builders import NAMED, NOW, TERMS, contact, decide, rolling

CHANNELS = ("sms", "web")
CATEGORIES = ("music", "news")
RULES = ("red", "black", "grey")
OPEN = st.none()


def effect(name: str, *, is_overridable: bool = True) -> ListEffect:
    return ListEffect(**{**NAMED, "rule_id": name, "list_name": name, "is_overridable": is_overridable})


def listed(name: str = "red", **fields: object) -> ListMark:
    blank = dict.fromkeys(("channel", "category", "starts_at", "ends_at"))
    values = {"customer_id": "anna", "list_name": name, "reason": "r", "source": "s", **blank, **fields}
    return ListMark(**values)  # type: ignore[arg-type]  # fields of the mark


def lifting(rule_id: str = "red", start: int = NOW, end: int = NOW + 100 * DAY, **fields: object) -> OverrideMark:
    values = {"channel": None, "category": None, "proposed_by": "Lin", "approved_by": "Zhao", **fields}
    return OverrideMark("anna", "o1", rule_id, starts_at=start, ends_at=end, **values)  # type: ignore[arg-type]  # fields of the mark


def test_a_permit_carries_what_was_lifted_and_by_whom() -> None:
    situation = Situation(lists=[listed()], overrides=[lifting()])
    [made] = decide([effect("red")], [contact("a", NOW)], situation)
    assert made.is_permitted
    [lifted] = made.lifted
    assert (lifted.rule_id, lifted.rule_version) == ("red", "v1")
    assert lifted.text.split(" / ") == [
        "名单规则已由例外 o1 放行（Lin 提出，Zhao 批准）",
        "red lifted by override o1 (proposed by Lin, approved by Zhao)",
    ]


def test_a_policy_that_does_not_say_so_is_never_lifted() -> None:
    situation = Situation(lists=[listed()], overrides=[lifting()])
    [made] = decide([effect("red", is_overridable=False)], [contact("a", NOW)], situation)
    assert not made.is_permitted
    assert made.lifted == ()


def test_what_would_not_have_been_blocked_is_not_lifted() -> None:
    situation = Situation(lists=[listed(channel="web")], overrides=[lifting()])
    [made] = decide([effect("red")], [contact("a", NOW)], situation)
    assert (made.is_permitted, made.lifted) == (True, ())


spans = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda span: (span[0], span[0] + span[1]))
marks = st.builds(
    lambda name, span, is_open, channel, category: listed(
        name,
        starts_at=NOW + span[0] * HOUR,
        ends_at=None if is_open else NOW + span[1] * HOUR,
        channel=channel,
        category=category,
    ),
    st.sampled_from(RULES),
    spans,
    st.booleans(),
    OPEN | st.sampled_from(CHANNELS),
    OPEN | st.sampled_from(CATEGORIES),
)
liftings = st.builds(
    lambda name, span, channel, category: lifting(
        name, NOW + span[0] * HOUR, NOW + span[1] * HOUR, channel=channel, category=category
    ),
    st.sampled_from(RULES),
    spans,
    OPEN | st.sampled_from(CHANNELS),
    OPEN | st.sampled_from(CATEGORIES),
)
asks = st.tuples(st.integers(0, 30), st.sampled_from(CHANNELS), st.sampled_from(CATEGORIES))
POLICIES = PolicySet(
    "set", [effect("red"), effect("grey"), effect("black", is_overridable=False), rolling(2, 5 * HOUR)]
)


@given(st.lists(marks, max_size=6), st.lists(liftings, max_size=6), st.lists(asks, min_size=1, max_size=5))
@example([listed()], [lifting(start=NOW + HOUR, end=NOW + 2 * HOUR)], [(0, "sms", "music")])
def test_what_an_override_permits_is_what_the_same_rules_permit_without_the_lists_it_lifts(
    lists: list[ListMark], overrides: list[OverrideMark], asked: list[tuple[int, str, str]]
) -> None:
    requests = [
        contact(f"c{number}", NOW + hours * HOUR, channel=channel, category=category)
        for number, (hours, channel, category) in enumerate(asked)
    ]
    situation = Situation(lists=lists, overrides=overrides)
    decisions = judge(requests, {"anna": situation}, POLICIES, {}, TERMS, NOW).decisions
    permitted = sorted(made.contact.at for made in decisions if made.is_permitted)
    assert all(later - first >= 5 * HOUR for first, later in zip(permitted, permitted[2:], strict=False))
    for made in decisions:
        one = made.contact
        holding = {mark.list_name for mark in lists if _holds(mark, one.at, one.channel, one.category)}
        lifted = {
            mark.rule_id
            for mark in overrides
            if mark.rule_id != "black" and _holds(mark, one.at, one.channel, one.category)
        }
        blocking = {finding.rule_id for finding in made.findings} - {"cap"}
        assert blocking == (set() if made.is_permitted else holding - lifted)
        assert not (made.is_permitted and holding - lifted)
        assert {finding.rule_id for finding in made.lifted} == (holding & lifted if made.is_permitted else set())


@given(st.lists(marks, max_size=6), st.lists(liftings, max_size=6), asks)
def test_a_reservation_at_the_next_allowed_moment_succeeds_and_at_no_hour_before_it(
    lists: list[ListMark], overrides: list[OverrideMark], asked: tuple[int, str, str]
) -> None:
    hours, channel, category = asked
    situation = Situation(lists=lists, overrides=overrides)

    def ask(at: int) -> bool:
        wanted = contact("a", at, channel=channel, category=category)
        return judge([wanted], {"anna": situation}, POLICIES, {}, TERMS, NOW).decisions[0].is_permitted

    first = contact("a", NOW + hours * HOUR, channel=channel, category=category)
    [made] = judge([first], {"anna": situation}, POLICIES, {}, TERMS, NOW).decisions
    if made.is_permitted:
        return
    later = made.next_allowed_at
    last = NOW + 50 * HOUR if later is None else later
    assert not any(ask(at) for at in range(first.at, last, HOUR))
    assert later is None or ask(later)


def _holds(mark: ListMark | OverrideMark, at: int, channel: str, category: str) -> bool:
    return (
        (mark.starts_at is None or mark.starts_at <= at)
        and (mark.ends_at is None or at < mark.ends_at)
        and mark.channel in (None, channel)
        and mark.category in (None, category)
    )


def entry(**fields: object) -> OverrideEntry:
    values = {"starts_at": None, "ends_at": NOW + DAY, "proposed_by": "Lin", "proposed_at": NOW, **fields}
    return OverrideEntry("o1", "anna", "red", "because", None, None, **values)  # type: ignore[arg-type]  # fields of the entry


def test_an_override_is_in_force_from_its_approval_or_its_start_whichever_is_later() -> None:
    approved = {"approved_by": "Zhao", "approved_at": NOW + HOUR}
    assert mark_of(entry()) is None
    for starts_at, since in ((None, NOW + HOUR), (NOW, NOW + HOUR), (NOW + 2 * HOUR, NOW + 2 * HOUR)):
        mark = mark_of(entry(starts_at=starts_at, **approved))
        assert mark is not None
        assert (mark.starts_at, mark.ends_at) == (since, NOW + DAY)
    assert mark_of(entry(**approved, withdrawn_by="Wu", withdrawn_at=NOW + HOUR)) is None


def test_an_override_lives_400_days_at_the_longest() -> None:
    assert not lasts_too_long(entry(ends_at=NOW + LONGEST))
    assert lasts_too_long(entry(ends_at=NOW + LONGEST + 1))
    assert not lasts_too_long(entry(starts_at=NOW + DAY, ends_at=NOW + DAY + LONGEST))


@given(st.text(max_size=8), st.sampled_from(["{}", " {} ", "\t{}\n"]))
def test_a_name_is_the_same_persons_however_it_is_spaced_and_cased(name: str, form: str) -> None:
    assert is_same_person(name, form.format(name))
    assert is_same_person("Straße Ａ", "STRASSE a")
    assert not is_same_person("Lin", "Lina")
