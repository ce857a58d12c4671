"""One visitor's question and the offers made to it: what is asked of governance, stored, and shown at the desk."""

from dataclasses import dataclass
from datetime import datetime

from services.campaigns.application.setting import Setting, not_met
from services.campaigns.domain.advice import Pick, Ranked
from services.campaigns.domain.candidate import Cause, Contact, ContactState
from services.campaigns.domain.storable import is_storable
from shared.contracts.campaigns import OfferedProduct, Recommendation, RecommendContext
from shared.contracts.customer_view import Customer
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import Channel, Reason
from shared.kernel.faults import Fault, InvalidRequest, NotAllowed, NotFound
from shared.kernel.identity import derive_id
from shared.kernel.text import Text

MOST_OFFERS = 10


@dataclass(frozen=True, slots=True)
class Question:
    """Who is there, where, and what the desk knows about the visit."""

    customer_id: str
    channel: Channel
    context: RecommendContext


def malformed(question: Question) -> Fault | None:
    """Say what is wrong with a question in itself, if anything: such a one is not looked up."""
    context = question.context
    if not context.request_id.strip() or not is_storable(context.request_id):
        message = "request_id must not be blank, nor hold NUL or half of a surrogate pair"
        return InvalidRequest(message, details={"field": "context.request_id"})
    if not 1 <= context.limit <= MOST_OFFERS:
        message = f"limit must be 1 to {MOST_OFFERS}, not {context.limit}"
        return InvalidRequest(message, details={"field": "context.limit"})
    return None if is_storable(question.customer_id) else unknown(question)


def unknown(question: Question) -> Fault:
    """Return the fault of a question about somebody who does not exist."""
    message = f"there is no subscriber {question.customer_id!r}"
    return NotFound(message, details={"kind": "customer", "id": question.customer_id, "field": "customer_id"})


def own_answer(question: Question, answer: Recommendation | Fault) -> Recommendation | Fault:
    """Keep an answer from somebody else's visit to himself."""
    if isinstance(answer, Fault) or answer.customer_id == question.customer_id:
        return answer
    message = f"request {question.context.request_id!r} was asked about another subscriber"
    return NotAllowed(message, details={"field": "context.request_id"})


def unmet_by(setting: Setting, rule_id: str, customer: Customer) -> Cause:
    """Return why a rule keeps this subscriber from an offer, with the subscriber's own figures."""
    if rule_id not in setting.rules.eligibility:
        return Cause(rule_id, setting.rules.version, "规则已不存在，不予推荐 / the rule no longer exists: no offer")
    return not_met(setting.rules, rule_id, setting.rules.explain(rule_id, customer.facts))


def request_of(question: Question, one: Pick, score: float, setting: Setting) -> ContactRequest:
    """Return what governance is asked: the right to make the offer now, to somebody who came by himself."""
    place = one.place
    return ContactRequest(
        contact_id=_id_of(question, one),
        customer_id=place.customer_id,
        channel=question.channel,
        campaign_id=place.campaign_id,
        offering_id=one.offering.offering_id,
        category=one.offering.category,
        purpose="marketing",
        direction="inbound",
        planned_at=setting.moment,
        priority=score,
        similar_to=list(setting.similar.get(place.campaign_id, ())),
    )


def _id_of(question: Question, one: Pick) -> str:
    return derive_id("advice", question.context.request_id, one.place.campaign_id, one.offering.offering_id)


def words_of(one: Pick, channel: str) -> Text:
    """Return what is to be said in the channel."""
    script = one.offering.script(channel)
    return Text(script.zh, script.en)


def contact_of(question: Question, one: Pick, verdict: Verdict, script_id: str, now: datetime) -> Contact:
    """Return the contact as it is stored: reserved until the visitor answers."""
    place = one.place
    return Contact(
        contact_id=verdict.contact_id,
        customer_id=place.customer_id,
        campaign_id=place.campaign_id,
        phase=place.phase,
        cell=place.cell,
        treatment=one.treatment.treatment,
        offering_id=one.offering.offering_id,
        step=1,
        attempt=1,
        channel=question.channel,
        direction="inbound",
        state=ContactState.RESERVED,
        script_id=script_id,
        cost_fen=0,  # the subscriber came by himself
        city=place.city,
        decided_at=now,
        planned_at=now,
        expires_at=verdict.expires_at,
    )


def offer_of(
    question: Question, customer: Customer, ranked: Ranked, verdict: Verdict, setting: Setting
) -> OfferedProduct:
    """Return the offer as the desk sees it: name and script in its language, why it fits, what gave it its place."""
    language, one = question.context.language, ranked.one
    words = words_of(one, question.channel)
    name = Text(one.offering.name_zh, one.offering.name_en)
    reasons = []
    for rule_id in one.offering.eligibility:
        because = setting.rules.explain(rule_id, customer.facts)
        version = setting.rules.eligibility[rule_id].version
        reasons.append(Reason(rule_id=rule_id, rule_version=version, text=f"{because.zh} / {because.en}"))
    if ranked.by:
        by = ranked.by.cause
        reasons.append(Reason(rule_id=by.rule_id, rule_version=by.rule_version, text=by.text))
    return OfferedProduct(
        contact_id=verdict.contact_id,
        campaign_id=one.place.campaign_id,
        offering_id=one.offering.offering_id,
        name=name.in_language(language),
        script=words.in_language(language) or words.zh,
        score=ranked.score,
        reasons=reasons,
        expires_at=verdict.expires_at or setting.moment,
    )
