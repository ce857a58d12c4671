"""Use cases of a campaign case: draft, submit, approve, launch, pause, resume, stop, status."""

import re
from collections.abc import Callable, Mapping

import msgspec

from services.campaigns.application.ports import Rules
from services.campaigns.application.store_ports import Store, Transaction
from services.campaigns.domain import case as life
from services.campaigns.domain.case import Case, CaseState
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE, Plan
from services.campaigns.domain.plan_checks import Known, PlanFault, check_plan
from shared.contracts import plan as wire
from shared.contracts.campaigns import CampaignStatus
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest, NotFound

_NAMED = re.compile(r"(?:required|unknown) field `([^`]+)`")
_OWNER = "operator"  # whoever calls without naming himself


class FaultyPlan(InvalidRequest):
    """The plan contradicts itself or names what does not exist; `details["faults"]` lists every mistake."""

    code = "invalid_plan"

    def __init__(self, faults: list[PlanFault]) -> None:
        first = faults[0]
        listed = [{"code": each.code, "field": each.field, "message": each.message} for each in faults]
        super().__init__(f"{first.field}: {first.message}", details={"field": first.field, "faults": listed})
        self.code = first.code


class CaseWork:
    """Changes cases; every use case is one transaction."""

    def __init__(self, store: Store, rules: Rules, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    def draft(self, plan: Mapping[str, object]) -> CampaignStatus:
        """Check and keep a plan; the same plan again changes nothing. Raises FaultyPlan, NotAllowed."""
        asked = _read(plan)
        now = self._clock.now()
        rules = self._rules.current(day_of(now, ZONE))
        unreadable = {
            each.phase: [f"the rule cannot be read: {fault}" for fault in rules.faults_of(each.rule)]
            for each in asked.phases
            if each.rule is not None
        }
        with self._store.write() as tx:
            offerings = tx.replicas.offerings()
            names = (rules.segments, frozenset(rules.eligibility))
            faults = check_plan(asked, Known(offerings, *names, unreadable, rules.triggers))
            if faults:
                raise FaultyPlan(faults)
            existing = tx.cases.get(asked.campaign, lock=True)
            case = life.draft(asked, existing, rule_set=rules.version, actor=asked.owner, at=now)
            if case is not existing:
                tx.cases.put(case)
            return _status(tx, case)

    def submit(self, campaign_id: str) -> CampaignStatus:
        """Hand a draft in for approval."""
        return self._change(campaign_id, lambda case: life.submit(case, actor=case.plan.owner, at=self._clock.now()))

    def approve(self, campaign_id: str, level: str, approver: str) -> CampaignStatus:
        """Note one level's agreement; levels agree in the plan's order."""
        if not approver.strip():
            raise InvalidRequest("an approval needs a name", details={"field": "approver"})
        return self._change(campaign_id, lambda case: life.approve(case, level, actor=approver, at=self._clock.now()))

    def move(self, campaign_id: str, action: str) -> CampaignStatus:
        """Launch, pause, resume or stop."""
        return self._change(campaign_id, lambda case: life.move(case, action, actor=_OWNER, at=self._clock.now()))

    def status(self, campaign_id: str) -> CampaignStatus:
        """Say where a case stands; raises NotFound."""
        with self._store.read() as tx:
            return _status(tx, _found(tx.cases.get(campaign_id), campaign_id))

    def _change(self, campaign_id: str, change: Callable[[Case], Case]) -> CampaignStatus:
        with self._store.write() as tx:
            case = _found(tx.cases.get(campaign_id, lock=True), campaign_id)
            changed = change(case)
            if changed is not case:
                tx.cases.put(changed)
                if changed.state is CaseState.STOPPED:
                    tx.candidates.close(campaign_id)
            return _status(tx, changed)


def _read(plan: Mapping[str, object]) -> Plan:
    try:
        asked = msgspec.convert(plan, wire.Plan)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at ")
        named = _NAMED.search(message)
        place = path.strip("`").removeprefix("$") + (f".{named[1]}" if named else "")
        field = place.removeprefix(".") or "plan"
        raise InvalidRequest(f"{field}: {message}", details={"field": field}) from None
    return msgspec.convert(msgspec.to_builtins(asked), Plan)


def _found(case: Case | None, campaign_id: str) -> Case:
    if case is None:
        details = {"kind": "campaign", "id": campaign_id, "field": "campaign_id"}
        raise NotFound(f"there is no campaign {campaign_id!r}", details=details)
    return case


def _status(tx: Transaction, case: Case) -> CampaignStatus:
    return CampaignStatus(
        campaign_id=case.campaign_id,
        name_zh=case.plan.name_zh,
        name_en=case.plan.name_en,
        state=case.state.value,
        awaiting_level=case.awaiting_level,
        rule_set=case.rule_set,
        funnel=tx.figures.funnel(case.campaign_id),
    )
