"""What `banyan rules explain` says: why one subscriber may or may not be offered something, rule by rule."""

from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path

import msgspec

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from services.campaigns.domain.conflicts import Background, ConflictBook, Contender
from services.campaigns.domain.offering import Offering as KnownOffering
from services.campaigns.domain.offering import Reach, reach_of
from services.workbench.rule_check.plan_files import read_plan_files
from shared.contracts.catalogue import Offering
from shared.kernel.faults import NotFound
from shared.kernel.text import Text
from shared.rulekit.explaining import ConditionTeller, Told
from shared.rulekit.facts import Facts, facts_of, nearest
from shared.rulekit.faults import Findings
from shared.rulekit.model import (
    EligibilityRule,
    InSegment,
    ListEffect,
    Members,
    NoRepeat,
    Policy,
    RuleBook,
    SegmentRule,
    Supersedes,
)
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reference import evaluate, explain, holds
from shared.rulekit.wording import value_words

_LEVELS: Mapping[str, Text] = {
    "eligibility": Text("资格（法律与合约）", "eligibility (law and contract)"),
    "applicability": Text("适用（目前有意义）", "applicability (makes sense now)"),
    "suitability": Text("适合（契合客户）", "suitability (fits)"),
    "segments": Text("细分", "segment"),
    "contact_policy": Text("接触策略", "contact policy"),
}


class UnknownTarget(NotFound):
    """There is no offering and no rule of that id."""

    code = "unknown_target"


class UsedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that was looked at."""

    fact: str
    label: Text
    value: Text
    is_known: bool


class RuleWhy(msgspec.Struct, frozen=True, kw_only=True):
    """One rule about the subscriber; `because` is filled, `condition` None for rules that are about contacts."""

    rule_id: str
    version: str
    level: Text
    holds: bool
    is_in_force: bool
    truth: bool | None
    because: Text
    condition: Told | None
    unknown: list[str]
    """Facts that are not known, where that decided: the condition is unknown."""


class ConflictWhy(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict that concerns the offering; `bars` when it forbids it whatever else is offered."""

    rule_id: str
    bars: bool
    because: Text


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about one offering, or one rule, for one subscriber."""

    target: str
    name: Text
    on: date
    rule_set: str
    is_yes: bool
    """It may be offered; or the rule holds."""
    rules: list[RuleWhy]
    conflicts: list[ConflictWhy]
    components: list[str]
    facts: list[UsedFact]
    closing: Text


def explain_target(target: str, facts: Facts, folder: Path, on: date) -> Explanation:
    """Explain an offering, or else a rule, of a folder; raises RuleFaults, InvalidFact, UnknownTarget."""
    book = load_rules(folder)
    findings = Findings()
    offerings = {name: one.value for name, one in read_plan_files(folder, None, findings).offerings.items()}
    explaining = _Explaining(book, offerings, facts, on)
    if target in offerings:
        return explaining.offering(offerings[target])
    for rules in (book.eligibility, book.segments, book.contact_policies):
        if target in rules:
            return explaining.rule(rules[target])
    known = [*offerings, *book.eligibility, *book.segments, *book.contact_policies]
    near = nearest(target, known)
    hint = f": did you mean {near!r}?" if near else ""
    details = {"kind": "target", "id": target, "suggestion": near}
    raise UnknownTarget(f"there is no offering, eligibility rule, segment or policy {target!r}{hint}", details=details)


class _Explaining:
    def __init__(self, book: RuleBook, offerings: Mapping[str, Offering], facts: Facts, on: date) -> None:
        self._book = book
        self._offerings = offerings
        self._facts = facts
        self._on = on
        self._teller = ConditionTeller(book, facts, on)

    def offering(self, offering: Offering) -> Explanation:
        rules = [self._why(self._book.eligibility[name]) for name in offering.eligibility]
        conflicts = self._conflicts(offering)
        against = [self._against(rule) for rule in rules if not rule.holds]
        against += [conflict.because for conflict in conflicts if conflict.bars]
        valid_from, valid_to = offering.valid_from, offering.valid_to
        if (valid_from and self._on < valid_from) or (valid_to and valid_to < self._on):
            against.append(Text("该业务当前不在有效期内", "the offering is not on sale that day"))
        used = frozenset[str]().union(*(self._reads(self._book.eligibility[name]) for name in offering.eligibility))
        return Explanation(
            target=offering.offering_id,
            name=Text(offering.name_zh, offering.name_en),
            on=self._on,
            rule_set=self._book.version,
            is_yes=not against,
            rules=rules,
            conflicts=conflicts,
            components=list(offering.components),
            facts=self._used(used | ({"products"} if conflicts else frozenset())),
            closing=_closing(against),
        )

    def _against(self, rule: RuleWhy) -> Text:
        labels = [self._book.vocabulary[name].label for name in rule.unknown]
        if not labels:
            return rule.because
        zh, en = "、".join(one.zh for one in labels), ", ".join(one.en for one in labels)
        return Text(f"{rule.because.zh}（{zh}未知）", f"{rule.because.en} (unknown: {en})")

    def rule(self, rule: EligibilityRule | SegmentRule | Policy) -> Explanation:
        why = self._why(rule)
        if isinstance(rule, Policy):
            said = _about(rule)
        else:
            said = Text("满足", "holds") if why.holds else Text("不满足", "does not hold")
        return Explanation(
            target=rule.id,
            name=why.level,
            on=self._on,
            rule_set=self._book.version,
            is_yes=why.holds,
            rules=[why],
            conflicts=[],
            components=[],
            facts=self._used(self._reads(rule)),
            closing=said,
        )

    def _why(self, rule: EligibilityRule | SegmentRule | Policy) -> RuleWhy:
        is_fact_rule = isinstance(rule, EligibilityRule | SegmentRule)
        truth, told = None, None
        if isinstance(rule, EligibilityRule | SegmentRule):
            condition = InSegment(rule.id) if isinstance(rule, SegmentRule) else rule.when
            truth, told = evaluate(condition, self._facts, book=self._book, on=self._on), self._teller.tell(condition)
        unknown = sorted(name for name in self._reads(rule) if self._facts.get(name) is None) if truth is None else []
        kind = rule.level if isinstance(rule, EligibilityRule) else "segments" if is_fact_rule else "contact_policy"
        in_force = rule.valid_for.covers(self._on)
        return RuleWhy(
            rule_id=rule.id,
            version=rule.version,
            level=_LEVELS[kind],
            holds=in_force if isinstance(rule, Policy) else holds(rule, self._facts, book=self._book, on=self._on),
            is_in_force=in_force,
            truth=truth,
            because=explain(rule, self._facts, book=self._book),
            condition=told,
            unknown=unknown,
        )

    def _reads(self, rule: EligibilityRule | SegmentRule | Policy) -> frozenset[str]:
        if isinstance(rule, Policy):
            return frozenset()
        return facts_of(InSegment(rule.id) if isinstance(rule, SegmentRule) else rule.when, self._book)

    def _used(self, names: frozenset[str]) -> list[UsedFact]:
        return [
            UsedFact(
                fact=fact.name,
                label=fact.label,
                value=value_words(fact, self._facts.get(fact.name)),
                is_known=self._facts.get(fact.name) is not None,
            )
            for fact in self._book.vocabulary
            if fact.name in names
        ]

    def _conflicts(self, offering: Offering) -> list[ConflictWhy]:
        """Return what bars the offering by the products held, then by whom it may be superseded."""
        known = {name: _known(one) for name, one in self._offerings.items()}
        rules = BookInForce(self._book, self._on, EligibilityJudge(self._book)).conflicts
        conflicts = ConflictBook(rules, known, {})
        held = self._facts.get("products")
        products = frozenset(str(one) for one in held) if isinstance(held, list | tuple | frozenset | set) else None
        contender = Contender(conflicts.profile("", offering.offering_id), "", 0.0)
        moment = datetime.combine(self._on, time())
        lost = conflicts.settle([contender], Background(products=products), moment).get(0, ())
        barred = [ConflictWhy(rule_id=one.rule_id, bars=True, because=_split(one.text)) for one in lost]
        return barred + self._superseding(offering, known)

    def _superseding(self, offering: Offering, known: Mapping[str, KnownOffering]) -> list[ConflictWhy]:
        own = reach_of(known[offering.offering_id], known)
        found = []
        for rule in self._book.conflicts.values():
            if not isinstance(rule, Supersedes) or not rule.valid_for.covers(self._on) or not _has(rule.loser, own):
                continue
            winners = [
                name for name, one in known.items() if _has(rule.winner, reach_of(one, known)) and self._fits(name)
            ]
            if winners and not _has(rule.winner, own):
                because, names = rule.because, ", ".join(winners)
                zh = f"{because.zh}（同时推荐 {names} 时让位）"
                en = f"{because.en} (gives way where {names} is offered as well)"
                found.append(ConflictWhy(rule_id=rule.id, bars=False, because=Text(zh, en)))
        return found

    def _fits(self, name: str) -> bool:
        rules = [self._book.eligibility[rule] for rule in self._offerings[name].eligibility]
        return all(holds(rule, self._facts, book=self._book, on=self._on) for rule in rules)


def _known(offering: Offering) -> KnownOffering:
    return KnownOffering(
        offering.offering_id,
        offering.name_zh,
        offering.name_en,
        offering.category,
        tuple(offering.components),
        tuple(offering.products),
    )


def _has(members: Members, reach: Reach) -> bool:
    return not reach.categories.isdisjoint(members.categories) or not reach.offerings.isdisjoint(members.offerings)


def _split(text: str) -> Text:
    zh, _, en = text.partition(" / ")
    return Text(zh, en)


def _about(policy: Policy) -> Text:
    """Return what a contact policy looks at, and what cannot be told from its reason."""
    zh, en = "接触策略按接触记录判断，不看客户事实", "a contact policy looks at contacts, not at facts"
    match policy:
        case ListEffect(override=None):
            return Text(f"{zh}；名单不可解除", f"{en}; nobody can lift it")
        case ListEffect():
            return Text(f"{zh}；经两人同意可对单个客户解除", f"{en}; two persons can lift it for one subscriber")
        case NoRepeat(of="similar_campaign"):
            return Text(
                f"{zh}；类似活动由计划的 similar_to 指明", f"{en}; plans say in similar_to which campaigns are alike"
            )
        case _:
            return Text(zh, en)


def _closing(against: list[Text]) -> Text:
    if not against:
        return Text(
            "可以推荐（接触限制在每次接触时另行判断）",
            "may be offered (contact limits are judged at each contact)",
        )
    zh, en = "；".join(one.zh for one in against), "; ".join(one.en for one in against)
    return Text(f"不可以推荐，未满足：{zh}", f"may not be offered; not met: {en}")
