"""Judge the members of newly opened phases: cell, eligible treatment, lists, conflicts; one range after the other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.campaigns.application.audiences import Slice, side_by_side
from services.campaigns.application.ports import Background, CustomerView, Governance
from services.campaigns.application.scene import Scene, read_scene, settle
from services.campaigns.application.setting import Setting
from services.campaigns.application.store_ports import Store
from services.campaigns.application.verdicts import cause_of, judged_by
from services.campaigns.domain.candidate import Cause, Membership, Stage
from services.campaigns.domain.judgement import Option, PhaseJudge
from services.campaigns.domain.phase import OpenPhase, PhaseState
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import BULK_LIMIT

_REFUSED = Cause("campaign:refused", "1", "客户已拒绝本活动 / the subscriber refused this campaign")

_NOTHING: frozenset[str] = frozenset()

Judged = list[tuple[Membership, Option | None]]


@dataclass(frozen=True, slots=True)
class _Range:
    """A range of subscribers on its way through the judgement."""

    upto: str
    judged: Judged
    products: Mapping[str, frozenset[str]]
    scene: Scene
    screened: Sequence[tuple[Sequence[Membership], Callable[[], list[Verdict]]]]


class Judging:
    """Judges in ranges of subscribers; each range and its progress are one transaction, so work is taken up again."""

    def __init__(
        self,
        store: Store,
        view: CustomerView,
        governance: Governance,
        setting: Setting,
        hold: Callable[[], None],
        background: Background,
    ) -> None:
        """`hold` extends the run's lease before anything is written, or raises."""
        self._hold = hold
        self._background = background
        self._store = store
        self._view = view
        self._governance = governance
        self._setting = setting
        self._causes = setting.causes()

    def judge_all(self, phases: Sequence[OpenPhase], limit: int) -> Iterable[int]:
        """Judge all members of these phases; yields the number of members after each range."""
        judges = {
            (each.campaign_id, each.phase): PhaseJudge(
                self._setting.plans[each.campaign_id],
                each.phase,
                catalogue=self._setting.catalogue,
                book=self._setting.book,
                causes=self._causes,
                moment=self._setting.moment,
            )
            for each in phases
        }
        before: _Range | None = None
        for upto, slices in side_by_side(self._view, self._background, phases, limit):
            # While governance screens one range, the one before it is settled and written.
            now = self._prepare(judges, upto, slices)
            if before:
                yield self._finish(phases, before)
            before = now
        if before:
            yield self._finish(phases, before)
        with self._store.write() as tx:
            tx.phases.opened(phases)

    def _prepare(self, judges: Mapping[tuple[str, str], PhaseJudge], upto: str, slices: Sequence[Slice]) -> "_Range":
        """Find every member's place, and begin to ask governance about those who may be approached."""
        judged, products = _places(judges, self._newcomers(slices))
        scene = read_scene(self._store, self._setting, sorted({place.customer_id for place, _ in judged}))
        hopeful = []
        for place, option in judged:
            if option is None:
                continue
            if place.campaign_id in scene.refused.get(place.customer_id, ()):
                place.drop(Stage.ELIGIBLE, (_REFUSED,))
            else:
                hopeful.append(place)
        batches = [hopeful[start : start + BULK_LIMIT] for start in range(0, len(hopeful), BULK_LIMIT)]
        return _Range(upto, judged, products, scene, [(batch, self._screen(batch)) for batch in batches])

    def _newcomers(self, slices: Sequence[Slice]) -> list[Slice]:
        """Leave out who joined a phase by trigger before: whoever it fires for again joins it once."""
        kept = []
        for part in slices:
            there: frozenset[str] = frozenset()
            if part.phase.state is PhaseState.TAKING_IN:
                with self._store.read() as tx:
                    there = tx.candidates.present(part.phase, [one.customer_id for one in part.members])
            kept.append(Slice(part.phase, [one for one in part.members if one.customer_id not in there]))
        return kept

    def _finish(self, phases: Sequence[OpenPhase], part: "_Range") -> int:
        """Drop who is listed, settle conflicts among the others, and write the range with its progress."""
        newcomers: dict[str, list[Membership]] = defaultdict(list)
        for batch, verdicts in part.screened:
            for place, verdict in zip(batch, verdicts(), strict=True):
                if verdict.verdict == "permit":
                    newcomers[place.customer_id].append(place)
                else:
                    place.drop(Stage.AFTER_LISTS, tuple(map(cause_of, verdict.reasons)))
        fallen = settle(self._setting, part.scene, newcomers, part.products)
        self._hold()
        with self._store.write() as tx:
            tx.candidates.add([place for place, _ in part.judged])
            tx.candidates.drop(fallen)
            tx.phases.judged([each for each in phases if each.judged_after < part.upto], part.upto)
        return len(part.judged)

    def _screen(self, places: Sequence[Membership]) -> Callable[[], list[Verdict]]:
        """Begin to let governance judge list effects."""
        requests = [self._request(str(number), place) for number, place in enumerate(places)]
        return self._background.start(lambda: judged_by(self._governance.screen, requests))

    def _request(self, contact_id: str, place: Membership) -> ContactRequest:
        plan = self._setting.plans[place.campaign_id]
        step = plan.by_treatment[place.treatment or ""].step(1)
        offering = self._setting.catalogue[place.offering_id or ""]
        return ContactRequest(
            contact_id=contact_id,
            customer_id=place.customer_id,
            channel=step.channel if step else plan.inbound[0],
            campaign_id=place.campaign_id,
            offering_id=offering.offering_id,
            category=offering.category,
            purpose="service" if step and step.purpose == "service" else "marketing",
            direction="outbound" if step else "inbound",
            planned_at=self._setting.moment,
            zone=plan.zone,
        )


def _places(
    judges: Mapping[tuple[str, str], PhaseJudge], slices: Sequence[Slice]
) -> tuple[Judged, dict[str, frozenset[str]]]:
    """Return every member's place, and the products each is known to hold."""
    judged: Judged = []
    products: dict[str, frozenset[str]] = {}
    for part in slices:
        judge = judges[part.phase.campaign_id, part.phase.phase].judge
        for member in part.members:
            held = member.facts.get("products")
            if isinstance(held, list):
                products[member.customer_id] = frozenset(held)
            city = member.facts.get("city")
            judged.append(
                judge(
                    member.customer_id,
                    member.failed,
                    products.get(member.customer_id, _NOTHING),
                    city if isinstance(city, str) else None,
                )
            )
    return judged, products
