"""Use cases that tell what happened: pages for reports and recounts, and one subscriber's story."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from services.campaigns.application.store_ports import Store
from services.campaigns.application.telling import Approach, Chronicle, Pages, Place, PlacedOrder, ToldContact
from services.campaigns.domain import story as words
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan
from services.campaigns.domain.storable import is_storable
from shared.contracts.campaigns import ContactRecord, ContactsPage, MembersPage, Story, StoryLine, SuppressionsPage
from shared.contracts.wire import BULK_LIMIT, Reason
from shared.kernel.faults import InvalidRequest
from shared.kernel.text import Text

_TRIED = "tried:"  # marks that the dropped candidates are told and suppressed attempts follow
_SEPARATOR = "|"


class Tell:
    """Reads what is stored and puts it into words; changes nothing."""

    def __init__(self, store: Store, pages: Pages, chronicle: Chronicle) -> None:
        self._store = store
        self._pages = pages
        self._chronicle = chronicle

    def contacts_page(self, after: str, limit: int) -> ContactsPage:
        """Return up to `limit` permitted contacts after an id, in ascending order."""
        told = self._pages.contacts(_mark(after), _checked(limit))
        plans, catalogue = self._known(one.record.campaign_id for one in told)
        contacts = [_completed(one, plans, catalogue) for one in told]
        return ContactsPage(contacts=contacts, next_after=contacts[-1].contact_id if len(told) == limit else None)

    def members_page(self, campaign_id: str, cell: str, after: str, limit: int) -> MembersPage:
        """Return up to `limit` members of a cell (of all cells when empty) after a mark."""
        customer_id, _, phase = _mark(after).rpartition(_SEPARATOR)
        if not (is_storable(campaign_id) and is_storable(cell)):
            return MembersPage(members=[], next_after=None)
        found = self._pages.members(campaign_id, cell, (customer_id, phase), _checked(limit))
        mark = f"{found[-1].customer_id}{_SEPARATOR}{found[-1].phase}" if len(found) == limit else None
        return MembersPage(members=found, next_after=mark)

    def suppressions_page(self, after: str, limit: int) -> SuppressionsPage:
        """Return contacts not made: first the candidates that fell out, then the attempts that were not permitted."""
        _checked(limit)
        if _mark(after).startswith(_TRIED):
            found = self._pages.suppressed(after.removeprefix(_TRIED), limit)
            mark = _TRIED + found[-1].suppression_id if len(found) == limit else None
        else:
            found = self._pages.dropped(after, limit)
            mark = found[-1].suppression_id if len(found) == limit else _TRIED
        return SuppressionsPage(suppressions=found, next_after=mark)

    def story(self, customer_id: str) -> Story:
        """Return all that was decided about one subscriber, oldest first; empty for somebody never considered."""
        if not is_storable(customer_id):
            return Story(customer_id=customer_id, lines=[])
        places = self._chronicle.places(customer_id)
        approaches = self._chronicle.approaches(customer_id)
        orders = self._chronicle.orders(customer_id)
        ids = {one.campaign_id for one in places} | {one.campaign_id for one in approaches}
        plans, catalogue = self._known(ids)
        lines = [
            *_of_places(places, plans),
            *_of_approaches(approaches, catalogue),
            *_of_orders(orders, catalogue),
        ]
        return Story(customer_id=customer_id, lines=sorted(lines, key=lambda line: line.at))

    def _known(self, campaign_ids: Iterable[str]) -> tuple[Mapping[str, Plan], Mapping[str, Offering]]:
        with self._store.read() as transaction:
            cases = transaction.cases.many(sorted(set(campaign_ids)))
            return {case.campaign_id: case.plan for case in cases}, transaction.replicas.offerings()


def _checked(limit: int) -> int:
    if not 1 <= limit <= BULK_LIMIT:
        raise InvalidRequest(f"limit {limit} is not between 1 and {BULK_LIMIT}", details={"field": "limit"})
    return limit


def _mark(after: str) -> str:
    if not is_storable(after):
        raise InvalidRequest("no page ends with such a mark", details={"field": "after"})
    return after


def _completed(told: ToldContact, plans: Mapping[str, Plan], catalogue: Mapping[str, Offering]) -> ContactRecord:
    plan = plans[told.record.campaign_id]
    offering = catalogue.get(told.record.offering_id)
    step = plan.by_treatment[told.treatment].step(told.step)
    outbound = told.record.direction == "outbound"
    return msgspec.structs.replace(
        told.record,
        category=offering.category if offering else plan.category,
        purpose=step.purpose if step and outbound else "marketing",
    )


def _of_places(places: Iterable[Place], plans: Mapping[str, Plan]) -> Iterator[StoryLine]:
    for place in places:
        plan = plans[place.campaign_id]
        campaign = Text(plan.name_zh, plan.name_en)
        is_control = place.cell == plan.control
        yield _line(place.opened_at, place.campaign_id, words.joined(campaign, place.cell, is_control=is_control))
        if place.lost_at:
            yield _line(place.opened_at, place.campaign_id, words.dropped(campaign, place.lost_at), place.reasons)


def _of_approaches(approaches: Iterable[Approach], catalogue: Mapping[str, Offering]) -> Iterator[StoryLine]:
    for one in approaches:
        offering = _name(one.offering_id, catalogue)
        if one.state == "suppressed":
            yield _line(one.decided_at, one.campaign_id, words.suppressed(offering, one.channel), one.reasons)
            continue
        inbound = one.direction == "inbound"
        if not inbound:
            yield _line(one.decided_at, one.campaign_id, words.planned(offering, one.channel), (), one.contact_id)
        if one.state == "failed":
            said = words.failed(offering, one.channel, one.detail)
            yield _line(one.planned_at, one.campaign_id, said, (), one.contact_id)
        if one.contacted_at:
            said = words.contacted(offering, one.channel, inbound=inbound)
            yield _line(one.contacted_at, one.campaign_id, said, (), one.contact_id)
        if one.outcome and one.outcome_at:
            said = words.answered(one.outcome, one.detail)
            yield _line(one.outcome_at, one.campaign_id, said, (), one.contact_id)


def _of_orders(orders: Iterable[PlacedOrder], catalogue: Mapping[str, Offering]) -> Iterator[StoryLine]:
    for order in orders:
        offering = _name(order.offering_id, catalogue)
        yield _line(order.accepted_at, order.campaign_id, words.ordered(offering), (), order.contact_id)
        if order.fulfilled_at:
            yield _line(order.fulfilled_at, order.campaign_id, words.fulfilled(offering), (), order.contact_id)


def _name(offering_id: str, catalogue: Mapping[str, Offering]) -> Text:
    offering = catalogue.get(offering_id)
    return Text(offering.name_zh, offering.name_en) if offering else Text(offering_id, offering_id)


def _line(
    at: datetime, campaign_id: str, said: Text, reasons: Iterable[Reason] = (), contact_id: str | None = None
) -> StoryLine:
    return StoryLine(
        at=at, campaign_id=campaign_id, zh=said.zh, en=said.en, reasons=list(reasons), contact_id=contact_id
    )
