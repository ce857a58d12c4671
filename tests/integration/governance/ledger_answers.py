"""Whether the service's verdict is the model's answer: word, rules, the decisive one, moments."""

from shared.contracts.governance import ContactRequest, Verdict
from tests.model.contact_rules import micros
from tests.model.ledger_model import Answer


def assert_same(request: ContactRequest, verdict: Verdict, answer: Answer) -> None:
    told = verdict.next_allowed_at, verdict.expires_at
    assert verdict.contact_id == request.contact_id
    assert (verdict.verdict == "permit", {one.rule_id for one in verdict.reasons}) == (
        answer.is_permitted,
        set(answer.reasons),
    ), (request, verdict, answer)
    assert [None if one is None else micros(one) for one in told] == [answer.next_allowed, answer.expires_at], (
        request,
        verdict,
        answer,
    )
    own = [answer.reasons[one.rule_id] for one in verdict.reasons]
    longest_first = [float("inf") if one is None else one for one in own]
    assert longest_first == sorted(longest_first, reverse=True), (request, verdict, answer)
