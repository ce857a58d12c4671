"""What is already so for a range of subscribers: places taken in other campaigns, open orders, recent contacts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.campaigns.application.setting import Setting
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.candidate import CandidateState, Membership, Stage
from services.campaigns.domain.conflicts import Background, Contender, PastContact, Profile


@dataclass(slots=True)
class Scene:
    """All by subscriber: candidates ready before, places taken, contacts that matter, campaigns refused."""

    ready: dict[str, list[Membership]] = field(default_factory=lambda: defaultdict(list))
    incumbents: dict[str, list[Profile]] = field(default_factory=lambda: defaultdict(list))
    past: dict[str, list[PastContact]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def read_scene(store: Store, setting: Setting, customer_ids: Sequence[str]) -> Scene:
    """Read it in one transaction, one statement per subject."""
    scene, book = Scene(), setting.book
    with store.read() as tx:
        for place in tx.candidates.of_customers(customer_ids):
            if place.state is CandidateState.REFUSED:
                scene.refused[place.customer_id].add(place.campaign_id)
            elif place.state is CandidateState.READY:
                scene.ready[place.customer_id].append(place)
            else:
                profile = book.profile(place.campaign_id, place.offering_id or "")
                scene.incumbents[place.customer_id].append(profile)
        for customer_id, campaign_id, offering_id in tx.orders.open_of(customer_ids):
            scene.incumbents[customer_id].append(book.profile(campaign_id, offering_id))
        if book.memory:
            for contact in tx.contacts.recent(customer_ids, setting.moment - book.memory):
                scene.past[contact.customer_id].append(contact)
    return scene


def settle(
    setting: Setting, scene: Scene, newcomers: Mapping[str, list[Membership]], products: Mapping[str, frozenset[str]]
) -> list[Membership]:
    """Settle conflicts for each subscriber with newcomers, beside those ready before; return the latter that fell."""
    fallen: list[Membership] = []
    profile = setting.book.profile
    for customer_id, new in newcomers.items():
        places = new + scene.ready[customer_id] if customer_id in scene.ready else new
        background = Background(
            tuple(scene.incumbents.get(customer_id, ())),
            products.get(customer_id),
            tuple(scene.past.get(customer_id, ())),
        )
        contenders = [
            Contender(profile(each.campaign_id, each.offering_id or ""), each.phase, each.score) for each in places
        ]
        if len(places) == 1 and contenders[0].profile.is_free and not (background.incumbents or background.past):
            continue
        for number, causes in setting.book.settle(contenders, background, setting.moment).items():
            places[number].drop(Stage.AFTER_CONFLICTS, causes)
            if places[number].stored:
                fallen.append(places[number])
    return fallen
