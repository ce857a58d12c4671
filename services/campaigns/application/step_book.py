"""What a step of a treatment says, costs and asks for: worked out once per step, used for every contact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.campaigns.domain.candidate import Contact, ReadyCandidate
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan, Step, Treatment
from shared.contracts.channels import DispatchOrder
from shared.contracts.governance import ContactRequest
from shared.contracts.wire import CHANNELS, Channel, Purpose
from shared.kernel.identity import derive_id
from shared.kernel.text import Text

_CHANNELS: Mapping[str, Channel] = {each: each for each in CHANNELS}
_UNLIKE: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step with everything a contact needs."""

    plan: Plan
    treatment: Treatment
    step: Step
    offering: Offering
    channel: Channel
    purpose: Purpose
    script_id: str
    words: Text
    propensity: dict[str, float]
    similar_to: list[str]

    def request(
        self, contact_id: str, candidate: ReadyCandidate, planned_at: datetime, priority: float
    ) -> ContactRequest:
        """Return what governance is asked; within a batch it decides in descending order of priority."""
        return ContactRequest(
            contact_id=contact_id,
            customer_id=candidate.customer_id,
            channel=self.channel,
            campaign_id=candidate.campaign_id,
            offering_id=self.offering.offering_id,
            category=self.offering.category,
            purpose=self.purpose,
            direction="outbound",
            planned_at=planned_at,
            priority=priority,
            zone=self.plan.zone,
            similar_to=self.similar_to,
        )

    def order(self, contact: Contact, words: Text, expires_at: datetime) -> DispatchOrder:
        """Return what channels is asked to do."""
        return DispatchOrder(
            contact_id=contact.contact_id,
            customer_id=contact.customer_id,
            campaign_id=contact.campaign_id,
            cell=contact.cell,
            offering_id=contact.offering_id,
            channel=self.channel,
            script_zh=words.zh,
            script_en=words.en,
            planned_at=contact.planned_at,
            expires_at=expires_at,
            propensity=self.propensity,
        )


class StepBook:
    """The steps of the given campaigns, by campaign, treatment and number."""

    def __init__(
        self,
        plans: Mapping[str, Plan],
        catalogue: Mapping[str, Offering],
        similar: Mapping[str, Sequence[str]] = _UNLIKE,
    ) -> None:
        """`similar`: by campaign, those it is like; who only hands over what is reserved needs none."""
        self._plans = plans
        self._catalogue = catalogue
        self._similar = similar
        self._steps: dict[tuple[str, str, int], StepPlan | None] = {}

    def find(self, campaign_id: str, treatment: str, number: int) -> StepPlan | None:
        """Return a step; None when the catalogue no longer has its offering."""
        key = (campaign_id, treatment, number)
        if key not in self._steps:
            self._steps[key] = self._work_out(*key)
        return self._steps[key]

    def _work_out(self, campaign_id: str, treatment_id: str, number: int) -> StepPlan | None:
        plan = self._plans.get(campaign_id)
        treatment = plan.by_treatment.get(treatment_id) if plan else None
        step = treatment.step(number) if treatment else None
        offering = self._catalogue.get(treatment.offering) if treatment else None
        if plan is None or treatment is None or step is None or offering is None:
            return None
        own = offering.script(step.channel)
        words = Text(step.script_zh or own.zh, step.script_en or own.en)
        return StepPlan(
            plan,
            treatment,
            step,
            offering,
            _CHANNELS[step.channel],
            "service" if step.purpose == "service" else "marketing",
            derive_id("script", words.zh, words.en),
            words,
            dict(plan.propensity(step.channel, offering.offering_id)),
            list(self._similar.get(campaign_id, ())),
        )


def contact_id_of(candidate: ReadyCandidate) -> str:
    """Return the id of the contact a candidate's step and attempt make: the same whenever it is worked out."""
    return derive_id(
        "contact",
        candidate.campaign_id,
        candidate.phase,
        str(candidate.step),
        candidate.customer_id,
        str(candidate.attempt),
    )
