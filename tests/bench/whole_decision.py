"""One run-time decision as the services make it, all of it in this process: eligibility, conflicts, limits.

In production campaigns decides the first two and asks governance for the third; here the same domain code is called
one after the other, on values. What storing and asking take is not in it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.campaigns.domain.conflicts import (
    Background,
    ConflictBook,
    ConflictRule,
    Contender,
    Exclusive,
    NotWithin,
    PastContact,
    Requires,
    Supersedes,
)
from services.campaigns.domain.members import Members
from services.campaigns.domain.offering import Offering
from services.governance.application.policies import policy_set
from services.governance.domain.contacts import Contact, Situation
from services.governance.domain.instants import to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.refusals import Terms
from shared.contracts.wire import CHANNELS
from shared.kernel.text import Text
from shared.rulekit.durable_backend import DurableDecider
from shared.rulekit.facts import Facts
from shared.rulekit.reading.folder import load_rules
from tests.bench.offers import CODES, ON, Offers
from tests.support.deployment import ROOT

NOW = datetime.fromisoformat("2026-03-02T10:30:00+08:00")
_CATEGORIES = 8
_PAST = 4
"""Contacts of the last weeks that policies and conflicts look at."""
_CUSTOMER = "8613800000000"


class WholeDecision:
    """Twenty offerings, ten conflict rules and the contact policies of this repository."""

    def __init__(self, offers: Offers, rules: Path = ROOT / "rules") -> None:
        self._decider = DurableDecider(offers.conditions, offers.book)
        self._policies = policy_set(load_rules(rules))
        catalogue = {name: Offering(name, name, name, _category(at)) for at, name in enumerate(offers.conditions)}
        campaigns = {_campaign(name): (at % 7, frozenset[str]()) for at, name in enumerate(catalogue)}
        self._conflicts = ConflictBook(_conflict_rules(list(catalogue)), catalogue, campaigns)
        self._profiles = {name: self._conflicts.profile(_campaign(name), name) for name in catalogue}
        self._categories = {name: offering.category for name, offering in catalogue.items()}
        names = list(catalogue)
        moments = [(names[-1 - at % len(names)], NOW - timedelta(days=9 * at + 8)) for at in range(_PAST)]
        self._past = tuple(PastContact(_CUSTOMER, _campaign(name), name, at) for name, at in moments)
        live = [self._contact(f"past {at}", name, moment) for at, (name, moment) in enumerate(moments)]
        self._situation = {_CUSTOMER: Situation(sorted(live, key=lambda contact: contact.at))}
        self._terms = Terms(channels=frozenset(CHANNELS))

    def decide(self, facts: Facts) -> list[str]:
        """Return the offerings that the subscriber may be made now."""
        holds = self._decider.decide(facts, on=ON)
        contenders = [
            Contender(self._profiles[name], "bench", float(len(name) + at))
            for at, name in enumerate(name for name, held in holds.items() if held)
        ]
        held = frozenset(code for code in facts["fact_23"] if isinstance(code, str))  # type: ignore[union-attr]  # a list here
        lost = self._conflicts.settle(contenders, Background(products=held, past=self._past), NOW)
        asked = [
            self._contact(one.profile.campaign_id, one.profile.campaign_id.removeprefix("campaign "), NOW)
            for at, one in enumerate(contenders)
            if at not in lost
        ]
        judged = judge(asked, self._situation, self._policies, {}, self._terms, to_micros(NOW))
        return [one.offering_id for one, said in zip(asked, judged.decisions, strict=True) if said.is_permitted]

    def told(self, subscribers: Sequence[Facts]) -> dict[str, float]:
        """Return how much there was to decide: of a subscriber, how many eligible and how many permitted."""
        eligible = [sum(self._decider.decide(facts, on=ON).values()) for facts in subscribers]
        permitted = [len(self.decide(facts)) for facts in subscribers]
        return {
            "eligible": sum(eligible) / len(eligible),
            "permitted": sum(permitted) / len(permitted),
            "conflicts": 10,
            "policies": len(self._policies.checks),
            "past_contacts": _PAST,
        }

    def _contact(self, contact_id: str, offering: str, at: datetime) -> Contact:
        return Contact(
            contact_id, _CUSTOMER, "sms", _campaign(offering), offering, self._categories[offering], "marketing",
            "outbound", to_micros(at), "Asia/Shanghai",
        )  # fmt: skip


def _campaign(offering: str) -> str:
    return f"campaign {offering}"


def _category(at: int) -> str:
    return f"category {at % _CATEGORIES}"


def _conflict_rules(names: Sequence[str]) -> list[ConflictRule]:
    """Return ten rules: four exclusive groups, two of each other kind that names offerings, two spans."""
    text = Text("冲突", "conflict")
    exclusive = [
        Exclusive(f"one {at}", "1", text, Members(categories=frozenset({_category(at), _category(at + 1)})))
        for at in range(0, 8, 2)
    ]
    requires = [Requires(f"needs {at}", "1", text, names[at], frozenset(CODES[:3])) for at in (1, 5)]
    supersedes = [
        Supersedes(
            f"before {at}", "1", text, Members(offerings=frozenset({names[at]})),
            Members(offerings=frozenset({names[at + 1]})),
        )
        for at in (8, 12)
    ]  # fmt: skip
    spans = [
        NotWithin("again", "1", text, "offering", timedelta(days=14)),
        NotWithin("alike", "1", text, "category", timedelta(days=1)),
    ]
    return [*exclusive, *requires, *supersedes, *spans]
