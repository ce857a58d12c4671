"""Which of a subscriber's candidates may stand side by side: exclusive, requires, supersedes, not within.

Rules, those of ranking included, are bound to a catalogue once (`ConflictBook`); then each subscriber is settled by set
operations on small integers. The outcome depends on the candidates alone, not on their order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.members import Members
from services.campaigns.domain.offering import Offering, Reach, reach_of
from services.campaigns.domain.ranking import RankingRule
from shared.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Of the members at most one at a time."""

    rule_id: str
    rule_version: str
    because: Text
    members: Members


@dataclass(frozen=True, slots=True)
class Requires:
    """The offering only for those who hold one of the products."""

    rule_id: str
    rule_version: str
    because: Text
    offering: str
    products: frozenset[str]


@dataclass(frozen=True, slots=True)
class Supersedes:
    """Who can get the winner does not get the loser."""

    rule_id: str
    rule_version: str
    because: Text
    winner: Members
    loser: Members


@dataclass(frozen=True, slots=True)
class NotWithin:
    """Not again within the span after a contact of the same category, campaign, offering or a similar campaign."""

    rule_id: str
    rule_version: str
    because: Text
    same: str
    span: timedelta


ConflictRule = Exclusive | Requires | Supersedes | NotWithin


@dataclass(frozen=True, slots=True)
class PastContact:
    """A contact that was made or is about to be."""

    customer_id: str
    campaign_id: str
    offering_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rules say of one campaign's offering, whoever the subscriber is; numbers are positions of rules."""

    campaign_id: str
    reach: Reach
    priority: int
    similar: frozenset[str]
    exclusive: frozenset[int]
    wins: frozenset[int]
    loses: frozenset[int]
    requires: tuple[tuple[Requires, frozenset[str]], ...]
    """Each with the products that satisfy it."""
    ranked_by: RankingRule | None = None
    """The ranking rule that gives the offering its score; None: the plain formula."""

    @property
    def is_free(self) -> bool:
        """True when no rule but `not_within` concerns it."""
        return not (self.exclusive or self.wins or self.loses or self.requires)


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate that asks for its place beside the subscriber's others."""

    profile: Profile
    phase: str
    score: float


@dataclass(frozen=True, slots=True)
class Background:
    """What is already so for the subscriber: places taken, products held (None: unknown), past contacts."""

    incumbents: tuple[Profile, ...] = ()
    products: frozenset[str] | None = None
    past: tuple[PastContact, ...] = ()


_ONE_PLACE = Text("同一活动中每位客户只占一个位置", "one place per subscriber in a campaign")
ONE_PLACE = "campaign:one-place"


class ConflictBook:
    """Conflict and ranking rules of one rule set, bound to the catalogue and the campaigns' similarity and priority."""

    def __init__(
        self,
        rules: Sequence[ConflictRule],
        catalogue: Mapping[str, Offering],
        campaigns: Mapping[str, tuple[int, frozenset[str]]],
        ranking: Sequence[RankingRule] = (),
    ) -> None:
        """`campaigns`: priority and the campaigns it declares similar, by id."""
        self._rules = tuple(rules)
        self._catalogue = catalogue
        self._campaigns = campaigns
        self._ranking = sorted(ranking, key=lambda rule: (rule.order, rule.rule_id))
        self._not_within = tuple(rule for rule in self._rules if isinstance(rule, NotWithin))
        self._profiles: dict[tuple[str, str], Profile] = {}
        self._reaches: dict[str, Reach] = {}

    @property
    def memory(self) -> timedelta:
        """How far back contacts matter."""
        return max((rule.span for rule in self._not_within), default=timedelta())

    def profile(self, campaign_id: str, offering_id: str) -> Profile:
        """Return what the rules say of a campaign's offering."""
        key = (campaign_id, offering_id)
        if key not in self._profiles:
            self._profiles[key] = self._bind(campaign_id, offering_id)
        return self._profiles[key]

    def settle(
        self, contenders: Sequence[Contender], background: Background, moment: datetime
    ) -> dict[int, tuple[Cause, ...]]:
        """Return the contenders that lose, by position, with the rules they lose by."""
        losses: dict[int, tuple[Cause, ...]] = {}
        for number, contender in enumerate(contenders):
            causes = self._barred(contender.profile, background, moment)
            if causes:
                losses[number] = causes
        left = [number for number in range(len(contenders)) if number not in losses]
        superseded = self._superseded([(number, contenders[number].profile) for number in left], background)
        losses |= superseded
        ranked = sorted((n for n in left if n not in superseded), key=lambda n: _rank(contenders[n]))
        kept = list(background.incumbents)
        for number in ranked:
            profile = contenders[number].profile
            cause = self._crowded_out(profile, kept)
            if cause:
                losses[number] = (cause,)
            else:
                kept.append(profile)
        return losses

    def _bind(self, campaign_id: str, offering_id: str) -> Profile:
        reach = self._reach(offering_id)
        priority, similar = self._campaigns.get(campaign_id, (0, frozenset()))
        numbered = list(enumerate(self._rules))
        return Profile(
            campaign_id,
            reach,
            priority,
            similar | {other for other, (_, theirs) in self._campaigns.items() if campaign_id in theirs},
            frozenset(
                n for n, rule in numbered if isinstance(rule, Exclusive) and rule.members.has(campaign_id, reach)
            ),
            frozenset(
                n for n, rule in numbered if isinstance(rule, Supersedes) and rule.winner.has(campaign_id, reach)
            ),
            frozenset(n for n, rule in numbered if isinstance(rule, Supersedes) and rule.loser.has(campaign_id, reach)),
            tuple(
                (rule, rule.products & self._brought_along(reach, rule.offering))
                for rule in self._rules
                if isinstance(rule, Requires) and rule.offering in reach.offerings
            ),
            next((rule for rule in self._ranking if rule.covers(campaign_id, reach)), None),
        )

    def _brought_along(self, reach: Reach, offering_id: str) -> frozenset[str]:
        """Return the products the other parts of a bundle bring: a bundle may satisfy its own part's requirement."""
        own = self._reach(offering_id).offerings
        others = [self._catalogue[name] for name in reach.offerings - own if name in self._catalogue]
        return frozenset(product for part in others if not part.components for product in part.products)

    def _reach(self, offering_id: str) -> Reach:
        if offering_id not in self._reaches:
            offering = self._catalogue.get(offering_id)
            alone = Reach(frozenset({offering_id}), frozenset(), frozenset())
            self._reaches[offering_id] = reach_of(offering, self._catalogue) if offering else alone
        return self._reaches[offering_id]

    def _barred(self, profile: Profile, background: Background, moment: datetime) -> tuple[Cause, ...]:
        causes = [
            _cause(rule, rule.because)
            for rule, brought in profile.requires
            if not brought and (background.products is None or rule.products.isdisjoint(background.products))
        ]
        if background.past:
            causes.extend(
                _cause(rule, rule.because)
                for rule in self._not_within
                if any(
                    abs(moment - past.at) < rule.span and self._is_same(rule.same, profile, past)
                    for past in background.past
                )
            )
        return tuple(causes)

    def _is_same(self, same: str, profile: Profile, past: PastContact) -> bool:
        if same == "campaign":
            return past.campaign_id == profile.campaign_id
        if same == "similar_campaign":
            return past.campaign_id in profile.similar
        reach = self._reach(past.offering_id)
        if same == "offering":
            return not reach.offerings.isdisjoint(profile.reach.offerings)
        return not reach.categories.isdisjoint(profile.reach.categories)

    def _superseded(
        self, contenders: Sequence[tuple[int, Profile]], background: Background
    ) -> dict[int, tuple[Cause, ...]]:
        winners: dict[int, set[str]] = {}
        for profile in (*(each for _, each in contenders), *background.incumbents):
            for rule in profile.wins:
                winners.setdefault(rule, set()).add(profile.campaign_id)
        losses = {}
        for number, profile in contenders:
            lost_by = sorted(rule for rule in profile.loses - profile.wins if rule in winners)
            if lost_by:
                losses[number] = tuple(_cause(self._rules[n], self._rules[n].because, min(winners[n])) for n in lost_by)
        return losses

    def _crowded_out(self, profile: Profile, kept: Sequence[Profile]) -> Cause | None:
        for other in kept:
            if other.campaign_id == profile.campaign_id:
                return Cause(ONE_PLACE, "1", f"{_ONE_PLACE.zh} / {_ONE_PLACE.en}")
            shared = profile.exclusive & other.exclusive
            if shared:
                rule = self._rules[min(shared)]
                return _cause(rule, rule.because, other.campaign_id)
        return None


def _rank(contender: Contender) -> tuple[float, int, str, str]:
    profile = contender.profile
    return (-contender.score, -profile.priority, profile.campaign_id, contender.phase)


def _cause(rule: ConflictRule, because: Text, winner: str | None = None) -> Cause:
    zh = f"{because.zh}（让位于{winner}）" if winner else because.zh
    en = f"{because.en} (gives way to {winner})" if winner else because.en
    return Cause(rule.rule_id, rule.rule_version, f"{zh} / {en}")
