"""Use case: how a campaign went, recomputed from what is stored."""

from typing import get_args

from services.campaigns.application.store_ports import Store
from services.campaigns.application.telling import Evaluations
from services.campaigns.domain.case import Case
from services.campaigns.domain.evaluation import Account, CellCount, account, attainment, kpi_values, uplift
from shared.contracts.campaigns import CampaignState, CellResult, Evaluation, FunnelStage, KpiResult, Money
from shared.kernel.faults import NotFound


class Evaluate:
    """Evaluates a campaign at any time, also while it is live."""

    def __init__(self, store: Store, evaluations: Evaluations) -> None:
        self._store = store
        self._evaluations = evaluations

    def evaluate(self, campaign_id: str) -> Evaluation:
        """Return funnel, cells with uplift, goals, money and reasons; raises NotFound for an unknown campaign."""
        with self._store.read() as transaction:
            case = transaction.cases.get(campaign_id)
            if case is None:
                details = {"kind": "campaign", "id": campaign_id, "field": "campaign_id"}
                raise NotFound(f"there is no campaign {campaign_id!r}", details=details)
            funnel = transaction.figures.funnel(campaign_id)
        plan = case.plan
        cells = self._evaluations.cells(campaign_id, plan.converts)
        counts = self._evaluations.treatments(campaign_id)
        money = account(self._evaluations.contact_cost(campaign_id), counts, plan.by_treatment)
        return Evaluation(
            campaign_id=campaign_id,
            name_zh=plan.name_zh,
            name_en=plan.name_en,
            state=_state(case),
            rule_set=case.rule_set,
            funnel={stage: funnel.get(stage, 0) for stage in get_args(FunnelStage)},
            suppressions=self._evaluations.suppressions(campaign_id),
            cells=_cells(cells, plan.control),
            kpis=_kpis(case, cells),
            money=_money(money),
            breakdowns=self._evaluations.breakdowns(campaign_id),
            unknown_facts=self._evaluations.unknown_facts(campaign_id),
            refusal_reasons=self._evaluations.refusals(campaign_id),
        )


def _state(case: Case) -> CampaignState:
    return next(state for state in get_args(CampaignState) if state == case.state)


def _cells(cells: list[CellCount], control: str) -> list[CellResult]:
    controls = {cell.phase: cell for cell in cells if cell.cell == control}
    return [_cell(cell, None if cell.cell == control else controls.get(cell.phase), control) for cell in cells]


def _cell(cell: CellCount, beside: CellCount | None, control: str) -> CellResult:
    gain = uplift(cell, beside)
    return CellResult(
        phase=cell.phase,
        cell=cell.cell,
        is_control=cell.cell == control,
        members=cell.members,
        contacted=cell.contacted,
        reached=cell.reached,
        accepted=cell.accepted,
        fulfilled=cell.fulfilled,
        converted=cell.converted,
        conversion=cell.conversion,
        uplift=gain.points if gain else None,
        uplift_low=gain.low if gain else None,
        uplift_high=gain.high if gain else None,
    )


def _kpis(case: Case, cells: list[CellCount]) -> list[KpiResult]:
    values = kpi_values(cells, case.plan.control)
    return [
        KpiResult(
            kpi=goal.kpi,
            name_zh=goal.name_zh,
            name_en=goal.name_en,
            target=goal.target,
            actual=values[goal.kpi],
            attainment=attainment(goal, values),
        )
        for goal in case.plan.goals
    ]


def _money(money: Account) -> Money:
    return Money(
        contact_cost=money.contact_cost,
        gift_cost=money.gift_cost,
        revenue=money.revenue,
        cost_per_success=money.cost_per_success,
        return_on_cost=money.return_on_cost,
    )
