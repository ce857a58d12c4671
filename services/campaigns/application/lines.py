"""The ready candidates of all campaigns and channels as one queue, best first, read in pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush

from services.campaigns.application.setting import Setting
from services.campaigns.application.step_book import StepBook, StepPlan, contact_id_of
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.candidate import ReadyCandidate
from services.campaigns.domain.pacing import Allotment


@dataclass(frozen=True, slots=True)
class Proposal:
    """One contact to be asked for."""

    contact_id: str
    candidate: ReadyCandidate
    step: StepPlan
    planned_at: datetime
    line: "Line"


@dataclass(slots=True, eq=False)
class Line:
    """The candidates of one allotment, and how far it is used."""

    allotment: Allotment
    page: list[ReadyCandidate] = field(default_factory=list)
    last: ReadyCandidate | None = None
    is_over: bool = False
    tried: int = 0
    permitted: int = 0
    spent_fen: int = 0
    asked: int = 0
    """Asked for in the batch that is being built."""

    @property
    def has_room(self) -> bool:
        """True while the allotment is not used up, counting what is being asked for."""
        return self.permitted + self.asked < self.allotment.total

    def close(self) -> None:
        """Take nobody else: pace or budget is used up."""
        self.page, self.is_over = [], True


class Lines:
    """Merges the lines of all allotments; bounded by one page per line."""

    def __init__(
        self, store: Store, setting: Setting, steps: StepBook, ends: Mapping[tuple[str, str], datetime], page: int
    ) -> None:
        self._store = store
        self._moment = setting.moment
        self._plans = setting.plans
        self._steps = steps
        self._ends = ends
        self._page = page
        self._purses: dict[str, float] = {}

    def open(self, allotments: Sequence[Allotment], spent: Mapping[str, int]) -> list[Line]:
        """Return the lines of these allotments, their campaigns' purses filled with what is left of the budgets."""
        for name, plan in self._plans.items():
            budget = float("inf") if plan.budget_fen is None else plan.budget_fen
            self._purses[name] = budget - spent.get(name, 0)
        return [Line(each, tried=each.tried, permitted=each.permitted, spent_fen=each.spent_fen) for each in allotments]

    def next_batch(self, lines: Sequence[Line], size: int) -> list[Proposal]:
        """Return the best candidates that pace and budget allow, at most `size`; empty when none is left.

        A batch ends where it depends on its own verdicts whether the next in rank still has room. So candidates are
        asked for in strict order of rank, and it does not matter how large batches are.
        """
        heap = [head for number, line in enumerate(lines) if (head := self._head(line, number))]
        heapify(heap)
        batch: list[Proposal] = []
        while heap and len(batch) < size:
            number = heappop(heap)[-1]
            line = lines[number]
            step = self._step(line.page[-1])
            if step and not (line.has_room and self._affords(step)):
                if batch:
                    break
                line.close()
                continue
            line.last = line.page.pop()
            proposal = self._propose(line, line.last, step) if step else None
            if proposal:
                batch.append(proposal)
            if head := self._head(line, number):
                heappush(heap, head)
        return batch

    def account(self, proposal: Proposal, *, is_permitted: bool) -> None:
        """Note what became of a proposal: what is suppressed gives its money back."""
        line = proposal.line
        line.asked -= 1
        line.tried += 1
        if is_permitted:
            line.permitted += 1
            line.spent_fen += proposal.step.step.cost_fen
        else:
            self._purses[line.allotment.campaign_id] += proposal.step.step.cost_fen

    def _propose(self, line: Line, candidate: ReadyCandidate, step: StepPlan) -> Proposal | None:
        """Return the proposal; None when its phase is over by then."""
        planned_at = line.allotment.slot(line.tried + line.asked, candidate.due_at)
        ends_at = self._ends.get((candidate.campaign_id, candidate.phase))
        if ends_at is None or planned_at >= ends_at:
            return None
        line.asked += 1
        self._purses[candidate.campaign_id] -= step.step.cost_fen
        return Proposal(contact_id_of(candidate), candidate, step, planned_at, line)

    def _affords(self, step: StepPlan) -> bool:
        return self._purses[step.plan.campaign] >= step.step.cost_fen

    def _step(self, candidate: ReadyCandidate) -> StepPlan | None:
        return self._steps.find(candidate.campaign_id, candidate.treatment, candidate.step)

    def _head(self, line: Line, number: int) -> tuple[float, int, str, str, int] | None:
        """Return the sort key of a line's best candidate, reading its next page where needed; None at its end."""
        if not line.page and not line.is_over:
            self._read(line)
        if not line.page:
            return None
        best = line.page[-1]
        return (-best.score, best.draw, best.campaign_id, best.customer_id, number)

    def _read(self, line: Line) -> None:
        granted = line.allotment
        with self._store.read() as tx:
            found = tx.candidates.ready(
                granted.campaign_id, granted.channel, self._moment, granted.closes_at, line.last, self._page
            )
        line.is_over = len(found) < self._page
        line.page = found[::-1]  # the best is last, where it is taken from
