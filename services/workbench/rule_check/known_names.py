"""The names that rules, offerings and plans use of one another, each with the nearest one where there is none."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from services.workbench.rule_check.plan_files import PlanFiles
from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.rulekit.analysis.subject import Sourced, Subject, Way
from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import Exclusive, Members, Policy, RankingRule, Requires, Rule, RuleBook, Supersedes
from shared.rulekit.reading.tree import Entries, Items, Scalar


class KnownNames:
    """Notes a fault for every name that does not exist.

    `rules` are the ids of all rules by kind, and of the campaigns, faulty ones included: who names one is not wrong.
    Codes: unknown_rule, unknown_segment, unknown_trigger, unknown_offering, unknown_campaign, unknown_category,
    unknown_product.
    """

    def __init__(
        self, book: RuleBook, rules: Mapping[str, Collection[str]], files: PlanFiles, findings: Findings
    ) -> None:
        self._rules = rules
        self._files = files
        self._findings = findings
        products = book.vocabulary.facts.get("products")
        self._products = products.values.keys() if products else None
        self._is_catalogue_lost = not files.offerings and any(
            Path(one.path).parent.name == "catalogue" for one in findings.faults
        )
        self._categories = {one.value.category for one in files.offerings.values()}

    def check(self, subject: Subject) -> None:
        """Look at every offering, plan and rule."""
        for offering in self._files.offerings.values():
            self._offering(offering)
        for plan in self._files.plans.values():
            self._plan(plan)
        for kind, rule in subject.rules():
            self._rule(kind, rule, subject)

    def _offering(self, offering: Sourced[Offering]) -> None:
        value = offering.value
        self._each(
            offering,
            ("eligibility",),
            "eligibility rule",
            "unknown_rule",
            value.eligibility,
            self._rules["eligibility"],
        )
        self._each(offering, ("components",), "offering", "unknown_offering", value.components, self._files.offerings)
        if self._products is not None:
            self._each(offering, ("products",), "product", "unknown_product", value.products, self._products)

    def _plan(self, plan: Sourced[Plan]) -> None:
        value = plan.value
        for at, phase in enumerate(value.phases):
            if phase.segment is not None:
                place = plan.place("phases", at, "segment")
                self._known(place, "segment", "unknown_segment", phase.segment, self._rules["segments"])
            if phase.trigger is not None:
                place = plan.place("phases", at, "trigger")
                self._known(place, "trigger", "unknown_trigger", phase.trigger, self._rules["triggers"])
        for at, treatment in enumerate(value.treatments):
            place = plan.place("treatments", at, "offering")
            self._known(place, "offering", "unknown_offering", treatment.offering, self._files.offerings)
        if self._products is not None:
            self._each(plan, ("converts",), "product", "unknown_product", value.converts, self._products)
        self._each(plan, ("similar_to",), "campaign", "unknown_campaign", value.similar_to, self._rules["campaigns"])

    def _rule(self, kind: str, rule: Rule, subject: Subject) -> None:
        """Look at what a rule names of catalogue and campaigns; where a folder holds none, names are not judged."""
        for way, members in _members_of(rule):
            names: Iterable[tuple[str, str, frozenset[str], Collection[str]]] = (
                ("offering", "offerings", members.offerings, self._files.offerings),
                ("campaign", "campaigns", members.campaigns, self._rules["campaigns"]),
                ("category", "categories", members.categories, self._categories),
            )
            for what, key, used, known in names:
                for name in sorted(used) if known else ():
                    place = _named(subject, kind, rule.id, way, key, name)
                    self._known(place, what, f"unknown_{what}", name, known)

    def _each(
        self,
        source: Sourced[Offering] | Sourced[Plan],
        way: tuple[Way, ...],
        what: str,
        code: str,
        names: Collection[str],
        known: Collection[str],
    ) -> None:
        for at, name in enumerate(names):
            self._known(source.place(*way, at), what, code, name, known)

    def _known(self, place: Place, what: str, code: str, name: str, known: Collection[str]) -> None:
        if name not in known and not (what == "offering" and self._is_catalogue_lost):
            self._findings.unknown(place, code, what, name, known)


def _members_of(rule: Rule) -> Iterator[tuple[tuple[str, ...], Members]]:
    match rule:
        case Exclusive() | RankingRule():
            yield ("ranks" if isinstance(rule, RankingRule) else "members",), rule.members
        case Requires():
            yield (), Members(offerings=frozenset({rule.offering}))
        case Supersedes():
            yield ("winner",), rule.winner
            yield ("loser",), rule.loser
        case Policy():
            scope = rule.applies_to
            yield ("applies_to",), Members(categories=scope.categories, campaigns=scope.campaigns)


def _named(subject: Subject, kind: str, rule_id: str, way: tuple[str, ...], key: str, name: str) -> Place:
    """Return where a name stands in a list of the rule, or the single value it is."""
    node = subject.nodes[kind, rule_id]
    for step in (*way, key):
        inner = node.get(step) if isinstance(node, Entries) else None
        if inner is None:
            break
        node = inner
    if isinstance(node, Items):
        found = next((one for one in node.items if isinstance(one, Scalar) and one.text == name), None)
        return found.place if found else node.place
    return subject.place(kind, rule_id, *way, "offering")
