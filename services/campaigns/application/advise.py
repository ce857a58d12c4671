"""Use cases of the front desk, the hotline and the web zone: what to offer a visitor now, and what the visitor said.

Many questions are answered together (one statement per subject, one question to governance), because that is what
makes a single one quick under load; one question alone is a batch of one.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from services.campaigns.application.offers import (
    Question,
    contact_of,
    malformed,
    offer_of,
    own_answer,
    request_of,
    unknown,
    unmet_by,
    words_of,
)
from services.campaigns.application.ports import Governance
from services.campaigns.application.recording import Judged, Recording, record_of
from services.campaigns.application.setting import Setting
from services.campaigns.application.shortlisting import judge_visit
from services.campaigns.application.store_ports import Store
from services.campaigns.application.verdicts import cause_of, judged_by
from services.campaigns.domain.advice import Pick, Place, Ranked, Visit
from services.campaigns.domain.candidate import Cause, Contact
from services.campaigns.domain.conflicts import PastContact
from shared.contracts.campaigns import (
    FunnelStage,
    Recommendation,
    WithheldProduct,
)
from shared.contracts.customer_view import Customer
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import INTERACTIVE_LIMIT, Reason
from shared.kernel.clock import Clock
from shared.kernel.faults import Fault
from shared.kernel.identity import derive_id
from shared.kernel.text import Text

_ROUNDS = 3
"""So often the next best offers are tried where governance suppresses the best ones."""

_BEYOND = Cause("campaign:beyond-limit", "1", "排序在所要数量之后 / ranked below the number asked for")


@dataclass(slots=True)
class _Answer:
    """One question while it is being answered."""

    judged: Judged
    waiting: list[Ranked] = field(default_factory=list)
    offered: list[tuple[Ranked, Verdict]] = field(default_factory=list)
    withheld: list[WithheldProduct] = field(default_factory=list)

    @property
    def question(self) -> Question:
        return self.judged.question

    @property
    def room(self) -> int:
        return self.question.context.limit - len(self.offered)

    def withhold(self, one: Pick, stage: FunnelStage, causes: Sequence[Cause]) -> None:
        reasons = [Reason(rule_id=each.rule_id, rule_version=each.rule_version, text=each.text) for each in causes]
        self.withheld.append(
            WithheldProduct(
                campaign_id=one.place.campaign_id,
                offering_id=one.offering.offering_id,
                stage=stage,
                reasons=reasons,
            )
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is stored about the visitors of one batch."""

    customers: Mapping[str, Customer]
    places: Mapping[str, list[Place]]
    past: Mapping[str, list[PastContact]]
    orders: Mapping[str, list[tuple[str, str]]]


class Advising:
    """Answers questions in batches; every offer made is reserved with governance first."""

    def __init__(self, store: Store, governance: Governance, clock: Clock, setting: Callable[[], Setting]) -> None:
        """Prepare; `setting` returns live plans, catalogue and rules; it may be some seconds old."""
        self._store = store
        self._governance = governance
        self._clock = clock
        self._setting = setting
        self._recording = Recording()

    def recommend_many(self, questions: Sequence[Question]) -> list[Recommendation | Fault]:
        """Answer each question or say what is wrong with it; the same request id again gets the same answer."""
        now = self._clock.now()
        setting = replace(self._setting(), moment=now)
        faults = [malformed(each) for each in questions]
        sound = [each for each, fault in zip(questions, faults, strict=True) if fault is None]
        asked = {each.context.request_id: each for each in reversed(sound)}
        with self._store.read() as tx:
            answers: dict[str, Recommendation | Fault] = dict(tx.advice.answers(sorted(asked)))
            fresh = {key: each for key, each in asked.items() if key not in answers}
            customer_ids = sorted({each.customer_id for each in fresh.values()})
            desk = _Desk(
                tx.advice.customers(customer_ids),
                _by_customer(tx.advice.places(customer_ids)),
                _by_customer(tx.contacts.recent(customer_ids, now - setting.book.memory)),
                _orders(tx.orders.open_of(customer_ids)),
            )
        visits: list[_Answer] = []
        for key, question in sorted(fresh.items()):
            if question.customer_id in desk.customers:
                visits.append(self._judge(question, desk, setting))
            else:
                answers[key] = unknown(question)
        self._reserve(visits, setting)
        answers |= self._keep(visits, setting)
        return [
            fault or own_answer(each, answers[each.context.request_id])
            for each, fault in zip(questions, faults, strict=True)
        ]

    @staticmethod
    def _judge(question: Question, desk: _Desk, setting: Setting) -> _Answer:
        """Judge eligibility by durable-rules, then conflicts; what remains waits in order of rank."""
        customer = desk.customers[question.customer_id]
        held = customer.facts.get("products")
        visit = Visit(
            question.channel,
            desk.places.get(question.customer_id, []),
            desk.orders.get(question.customer_id, []),
            desk.past.get(question.customer_id, []),
            frozenset(held) if isinstance(held, list) else None,
        )
        found, doubts = judge_visit(visit, customer.facts, setting, question.context.request_id)
        answer = _Answer(Judged(question, customer, visit, doubts, found), list(found.ranked))
        for one in found.unmet:
            unmet = [doubts.get(rule) or unmet_by(setting, rule, customer) for rule in one.failed]
            answer.withhold(one, "eligible", unmet)
        for one, causes in found.lost:
            answer.withhold(one, "after_conflicts", causes)
        return answer

    def _reserve(self, visits: Sequence[_Answer], setting: Setting) -> None:
        """Ask governance for the best offers of all visits at once; where some are suppressed, for the next best."""
        for _ in range(_ROUNDS):
            tried: list[tuple[_Answer, Ranked]] = []
            for visit in visits:
                best, visit.waiting = visit.waiting[: visit.room], visit.waiting[visit.room :]
                tried += [(visit, each) for each in best]
            if not tried:
                break
            requests = [request_of(visit.question, each.one, each.score, setting) for visit, each in tried]
            for (visit, each), verdict in zip(tried, self._ask(requests), strict=True):
                if verdict.verdict == "permit":
                    visit.offered.append((each, verdict))
                else:
                    visit.withhold(each.one, "after_limits", [cause_of(reason) for reason in verdict.reasons])
        for visit in visits:
            for each in visit.waiting:
                visit.withhold(each.one, "after_limits", [_BEYOND])

    def _ask(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        starts = range(0, len(requests), INTERACTIVE_LIMIT)
        batches = [requests[start : start + INTERACTIVE_LIMIT] for start in starts]
        return [verdict for batch in batches for verdict in judged_by(self._governance.reserve, batch)]

    def _keep(self, visits: Sequence[_Answer], setting: Setting) -> dict[str, Recommendation]:
        answers: dict[str, Recommendation] = {}
        contacts: list[Contact] = []
        scripts: dict[str, Text] = {}
        for visit in visits:
            offers = []
            for ranked, verdict in visit.offered:
                words = words_of(ranked.one, visit.question.channel)
                script_id = derive_id("script", words.zh, words.en)
                scripts[script_id] = words
                contacts.append(contact_of(visit.question, ranked.one, verdict, script_id, setting.moment))
                offers.append(offer_of(visit.question, visit.judged.customer, ranked, verdict, setting))
            answers[visit.question.context.request_id] = Recommendation(
                customer_id=visit.question.customer_id,
                offers=offers,
                withheld=visit.withheld,
                rule_set=setting.rules.version,
            )
        if visits:
            scene = self._recording.scene(setting)
            records = [record_of(each.judged, scene.scene, setting) for each in visits]
            is_noted = self._recording.is_noted(scene, setting.moment)
            with self._store.write() as tx:
                tx.contacts.keep_scripts(scripts)
                tx.contacts.add(contacts)
                requests = [(each.question.context.request_id, each.question.channel) for each in visits]
                tx.advice.keep(requests, answers, setting.moment)
                if not is_noted:
                    tx.decisions.keep_scene(scene, setting.moment)
                tx.decisions.keep(records)
            self._recording.note(scene, setting.moment)
        return answers


def _orders(orders: Sequence[tuple[str, str, str]]) -> Mapping[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for customer_id, campaign_id, offering_id in orders:
        found[customer_id].append((campaign_id, offering_id))
    return found


_Row = TypeVar("_Row", Place, PastContact)


def _by_customer(rows: Sequence[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.customer_id].append(row)
    return found
