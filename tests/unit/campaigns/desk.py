"""A front desk in the small world: visitors with facts, places in open phases, and a governance with opinions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.advise import Advising
from services.campaigns.application.offers import Question
from services.campaigns.application.ports import Rules
from services.campaigns.application.setting import read_setting
from shared.contracts.campaigns import Recommendation, RecommendContext, WithheldProduct
from shared.contracts.customer_view import Customer, CustomersChanged
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import Channel
from shared.kernel.faults import Fault
from tests.unit.campaigns.mortality import Trouble
from tests.unit.campaigns.neighbours import FULL, FakeGovernance, FakeRules, _verdict
from tests.unit.campaigns.world import MORNING, World, offering, plan

VISITOR = "c00000"


def on_visit(name: str, offered: str, **changes: Any) -> dict[str, Any]:
    """Return a campaign without steps and without control: everybody who comes to the hall is offered it."""
    treatment = {"treatment": "only", "offering": offered, "revenue_fen": 1_000}
    return (
        plan(
            name,
            offered,
            inbound=["hall", "hotline"],
            treatments=[treatment],
            cells=[{"cell": "main", "share": 1.0, "treatments": ["only"]}, {"cell": "control", "share": 0.0}],
        )
        | changes
    )


@dataclass
class Opinionated(FakeGovernance):
    """Suppresses what is named (offering ids), permits the rest; remembers how each batch was asked."""

    against: set[str] = field(default_factory=set)
    batches: list[int] = field(default_factory=list)
    most_a_day: int = 99

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        self.batches.append(len(requests))
        return super().reserve(requests)

    def _decided(self, request: ContactRequest) -> Verdict:
        if request.offering_id in self.against:
            self.requests[request.contact_id] = request
            return _verdict(request, [FULL])
        return super()._decided(request)


class Desk(World):
    """The world with a desk in it; phases are open, and every member is known with facts."""

    def __init__(
        self,
        url: Any,
        *plans: dict[str, Any],
        size: int = 4,
        rules: FakeRules | None = None,
        judge: Rules | None = None,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(url, size=size, rules=rules)
        self.governance = Opinionated(Trouble())
        self.restart()
        self.offer(
            offering("tone", "crbt"),
            offering("box", "crbt"),
            offering("app", "finance", rules=["app"]),
            offering("wap", "finance", rules=["wap"]),
            offering("paper", "news"),
            offering("music", "media"),
        )
        self.launch(*plans)
        self.run_at(MORNING)
        for customer_id in self.view.segments["everybody"]:
            self.know(customer_id, tags=list((tags or {}).get(customer_id, ())))
        store = SqlStore(self.database)
        asked_of: Rules = judge or self.rules
        self.advising = Advising(
            store, self.governance, self.clock, lambda: read_setting(store, asked_of, self.clock.now())
        )

    def know(self, customer_id: str, at: datetime | None = None, **facts: Any) -> None:
        """Tell what is known of a subscriber now."""
        when = at or self.clock.now()
        known = Customer(customer_id=customer_id, facts={"products": [], **facts}, segments=[], changed_at=when)
        self.deliver("customers_changed", CustomersChanged(changed_at=when, customers=[known]))

    def ask_all(self, *questions: Question) -> list[Recommendation | Fault]:
        return self.advising.recommend_many(questions)

    def ask(self, request_id: str = "r1", customer_id: str = VISITOR, **more: Any) -> Recommendation:
        """Ask one question; a fault is raised as the desk sees it."""
        [answer] = self.ask_all(question(request_id, customer_id, **more))
        if isinstance(answer, Fault):
            raise answer
        return answer

    def set_state(self, campaign_id: str, state: str) -> None:
        """Put everybody's place in a campaign into a state."""
        with self.database.write() as connection:
            connection.exec_driver_sql(f"UPDATE candidate SET state = '{state}' WHERE campaign_id = '{campaign_id}'")  # noqa: S608 - names of our own

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]


def question(
    request_id: str = "r1",
    customer_id: str = VISITOR,
    *,
    channel: Channel = "hall",
    limit: int = 3,
    language: str = "zh",
) -> Question:
    context = RecommendContext(request_id=request_id, limit=limit, language=language)
    return Question(customer_id, channel, context)


def offered(answer: Recommendation) -> list[str]:
    return [each.campaign_id for each in answer.offers]


def withheld(answer: Recommendation) -> dict[str, WithheldProduct]:
    return {each.campaign_id: each for each in answer.withheld}


Maker = Callable[..., Desk]
