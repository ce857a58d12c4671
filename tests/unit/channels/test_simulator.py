"""Simulated subscribers: seeded, independent of batches, within the order's life."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.channels.adapters.simulator import Simulator
from services.channels.domain.answers import REFUSALS, simulated_contact
from services.channels.domain.order import Order, faults_of
from services.channels.domain.sending import Queued, Sent
from services.channels.domain.words import SUITABLE, Channel
from tests.unit.channels.making import NINE, ordered


@st.composite
def orders(draw: st.DrawFn) -> Order:
    channel: Channel = draw(st.sampled_from(sorted(SUITABLE)))
    outcomes = draw(st.lists(st.sampled_from(sorted(SUITABLE[channel])), unique=True, max_size=3))
    shares = [draw(st.floats(0, 1 / 3)) for _ in outcomes]
    return ordered(
        draw(st.text("abcdef234567", min_size=4, max_size=24)),
        channel=channel,
        propensity=dict(zip(outcomes, shares, strict=True)),
        expires_at=NINE + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=10))),
    )


@given(st.lists(orders(), max_size=20, unique_by=lambda order: order.contact_id), st.randoms(use_true_random=False))
def test_neither_the_order_of_a_batch_nor_its_size_changes_an_answer(batch: list[Order], chance: object) -> None:
    simulator, later = Simulator("7"), NINE + timedelta(days=20)
    whole = {result.contact_id: result for result in simulator.send(batch, later)}
    mixed = list(batch)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # a Random made by Hypothesis
    assert {item.contact_id: simulator.send([item], later)[0] for item in mixed} == whole
    answers = {answer.contact_id: answer for answer in simulator.answers(batch)}
    assert {answer.contact_id: answer for item in mixed for answer in simulator.answers([item])} == answers


@given(orders())
def test_a_simulated_contact_keeps_to_its_order(order: Order) -> None:
    assert list(faults_of(order)) == []
    contact = simulated_contact(order, "7")
    if contact is None:
        assert order.channel == "hall"
        return
    assert order.planned_at <= contact.at <= order.expires_at
    assert (contact.at - order.planned_at) % timedelta(days=1) == timedelta(0)
    assert contact.at < contact.answered_at <= contact.at + timedelta(hours=6)
    assert contact.outcome in SUITABLE[order.channel]
    assert (contact.detail in REFUSALS) == (contact.outcome == "refused")


@given(orders())
def test_an_answer_is_promised_for_the_moment_it_is_given(order: Order) -> None:
    simulator = Simulator("7")
    sending = simulator.send([order], NINE + timedelta(days=20))[0]
    answers = simulator.answers([order])
    if isinstance(sending, Sent):
        assert [answer.at for answer in answers] == [sending.answer_due_at]
    else:
        assert (sending, answers) == (Queued(order.contact_id), [])


@given(orders())
def test_nobody_is_served_before_the_visit(order: Order) -> None:
    contact = simulated_contact(order, "7")
    if contact and contact.at > NINE:
        assert Simulator("7").send([order], NINE) == [Queued(order.contact_id, contact.at)]


def test_answers_come_in_the_shares_the_plan_assumes() -> None:
    propensity = {"accepted": 0.3, "refused": 0.5}
    drawn = [simulated_contact(ordered(f"c{number}", propensity=propensity), "7") for number in range(4_000)]
    counts = {
        outcome: sum(c is not None and c.outcome == outcome for c in drawn) for outcome in SUITABLE["outbound_call"]
    }
    assert abs(counts["accepted"] / 4_000 - 0.3) < 0.03
    assert abs(counts["refused"] / 4_000 - 0.5) < 0.03
    assert counts["accepted"] + counts["refused"] + counts["no_answer"] == 4_000
    assert {c.detail for c in drawn if c and c.outcome == "refused"} == set(REFUSALS)


def test_another_seed_gives_other_answers() -> None:
    several = [ordered(f"c{number}", propensity={"accepted": 0.5}) for number in range(50)]
    first, second = ([simulated_contact(order, seed) for order in several] for seed in ("7", "8"))
    assert first != second


def test_silence_is_named_after_the_channel() -> None:
    silent: dict[Channel, str | None] = {}
    for channel in SUITABLE:
        contact = simulated_contact(ordered(channel=channel), "7")
        silent[channel] = contact and contact.outcome
    assert silent == {
        "hall": None,
        "outbound_call": "no_answer",
        "hotline": "no_answer",
        "sms": "ignored",
        "web": "ignored",
    }
