"""Cases of conflicts and contact policies: from a tree to values, every fault with its place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from shared.contracts.wire import CHANNELS, LIST_NAMES, OUTCOMES, Direction, Purpose
from shared.kernel.text import Text
from shared.rulekit.cases.model import (
    CaseContact,
    CaseListing,
    CaseOffer,
    CaseOverride,
    ConflictCase,
    PolicyCase,
    PolicyStep,
)
from shared.rulekit.faults import Findings
from shared.rulekit.reading.literals import read_decimal
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Node, Scalar

_MOMENT = datetime.fromisoformat("2026-03-02T10:00:00+08:00")  # of a case that names none
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SCORE_DECIMALS = 6
_NAMES = ("campaign", "offering", "category")
_CONTACT = ("channel", *_NAMES, "purpose", "direction", "zone")
_EXPECTED = ("next_allowed_at", "because", "reasons")
Parts = Mapping[str, Node]


@dataclass(slots=True)
class ScenarioReader:
    """Reads one case; `policies` and `conflicts` are the ids that `with` may name.

    Codes: bad_moment, no_moment, no_steps, unknown_rule, and those of `Reader`.
    """

    reader: Reader
    policies: Collection[str]
    conflicts: Collection[str]

    @property
    def findings(self) -> Findings:
        """Where faults go."""
        return self.reader.findings

    def policy(self, rule_id: str, node: Node) -> PolicyCase:
        """Read a case of a contact policy: one request on the case itself, or `steps`."""
        seeds = ("history", "lists", "overrides", "already", "with")
        is_stepwise = isinstance(node, Entries) and node.get("steps") is not None
        if is_stepwise:
            parts = self.reader.fields(node, node.place, ("title", "steps"), seeds)
        else:
            parts = self.reader.fields(node, node.place, ("title", "request", "expect"), (*seeds, "at", *_EXPECTED))
        return PolicyCase(
            kind="contact_policy",
            rule_id=rule_id,
            title=self.reader.text(parts.get("title")),
            place=node.place,
            history=tuple(self._contact(one, None) for one in self.reader.items(parts.get("history"))),
            lists=tuple(self._listing(one) for one in self.reader.items(parts.get("lists"))),
            overrides=tuple(self._override(one, rule_id) for one in self.reader.items(parts.get("overrides"))),
            already=self.reader.whole(parts.get("already"), least=0),
            beside=self._beside(parts.get("with"), self.policies),
            steps=self._steps(parts.get("steps")) if is_stepwise else (self._step(node, parts, None),),
        )

    def conflict(self, rule_id: str, node: Node) -> ConflictCase:
        """Read a case of a conflict."""
        optional = ("products", "history", "at", "because", "with")
        parts = self.reader.fields(node, node.place, ("title", "candidates", "expect"), optional)
        held = parts.get("products")
        return ConflictCase(
            kind="conflicts",
            rule_id=rule_id,
            title=self.reader.text(parts.get("title")),
            place=node.place,
            candidates=tuple(self._offer(one, "score") for one in self.reader.items(parts.get("candidates"))),
            products=None if held is None else self.reader.names(held),
            history=tuple(self._offer(one, "at") for one in self.reader.items(parts.get("history"))),
            at=self._moment(parts.get("at")) or _MOMENT,
            beside=self._beside(parts.get("with"), self.conflicts),
            expect=tuple(self.reader.text(one) for one in self.reader.items(parts.get("expect"))),
            because=self.because(parts.get("because")),
        )

    def because(self, node: Node | None) -> Text | None:
        """Read expected words; a language left out is not compared."""
        if node is None:
            return None
        parts = self.reader.fields(node, node.place, (), ("zh", "en"))
        return Text(self.reader.text(parts.get("zh")), self.reader.text(parts.get("en")))

    def _steps(self, node: Node | None) -> tuple[PolicyStep, ...]:
        steps: list[PolicyStep] = []
        items = self.reader.items(node)
        for item in items:
            optional = ("at", "advance", "outcome", *_EXPECTED)
            parts = self.reader.fields(item, item.place, ("request", "expect"), optional)
            steps.append(self._step(item, parts, steps[-1].clock if steps else None))
        if node is not None and not items:
            self.findings.add(node.place, "no_steps", "a case needs at least one step")
        return tuple(steps)

    def _step(self, node: Node, parts: Parts, before: datetime | None) -> PolicyStep:
        clock = self._clock(parts, before)
        outcome = self.reader.word(parts["outcome"], OUTCOMES) if "outcome" in parts else None
        if "request" in parts:
            request = self._contact(parts["request"], clock, outcome, ("similar_to",))
        else:
            request = CaseContact(at=clock or _MOMENT)  # the missing key is told
        reasons = parts.get("reasons")
        return PolicyStep(
            place=node.place,
            clock=clock or request.at,
            request=request,
            is_permitted=self.reader.word(parts.get("expect"), ("permit", "suppress")) == "permit",
            checks_next="next_allowed_at" in parts,
            next_allowed_at=self._next(parts.get("next_allowed_at")),
            because=self.because(parts.get("because")),
            reasons=None if reasons is None else tuple(sorted(self.reader.names(reasons))),
        )

    def _clock(self, parts: Parts, before: datetime | None) -> datetime | None:
        if "advance" not in parts:
            return self._moment(parts.get("at")) or before
        span, place = self.reader.span(parts["advance"]), parts["advance"].place
        if before is None:
            self.findings.add(place, "no_moment", "the first step says `at`: there is nothing to advance from")
            return None
        if "at" in parts:
            self.findings.add(place, "no_moment", "a step says either `at` or `advance`")
        if not _is_planned(before + span):
            self.findings.add(place, "bad_moment", f"leads beyond the year {_LAST_YEAR}")
            return before
        return before + span

    def _contact(
        self, node: Node, clock: datetime | None, outcome: str | None = None, also: tuple[str, ...] = ()
    ) -> CaseContact:
        more = ("at",) if clock is not None or outcome is not None else ("at", "outcome")
        parts = self.reader.fields(node, node.place, (), (*_CONTACT, *more, *also))
        at = self._moment(parts.get("at")) or clock
        if at is None and "at" not in parts:
            self.findings.add(node.place, "no_moment", "a contact needs `at`")
        words = {name: self.reader.text(parts[name]) for name in _NAMES if name in parts}
        if "channel" in parts:
            words["channel"] = self.reader.word(parts["channel"], CHANNELS)
        if "purpose" in parts:
            words["purpose"] = self.reader.word(parts["purpose"], get_args(Purpose))
        if "direction" in parts:
            words["direction"] = self.reader.word(parts["direction"], get_args(Direction))
        if "zone" in parts:
            words["zone"] = self.reader.zone(parts["zone"])
        if "outcome" in parts:
            outcome = self.reader.word(parts["outcome"], OUTCOMES)
        similar_to = tuple(sorted(self.reader.names(parts.get("similar_to"))))
        return CaseContact(at=at or _MOMENT, outcome=outcome, similar_to=similar_to, **words)

    def _listing(self, node: Node) -> CaseListing:
        optional = ("channel", "category", "starts_at", "ends_at", "reason", "source")
        parts = self.reader.fields(node, node.place, ("list",), optional)
        return CaseListing(
            list_name=self.reader.word(parts.get("list"), LIST_NAMES),
            channel=self.reader.word(parts["channel"], CHANNELS) if "channel" in parts else None,
            category=self.reader.text(parts.get("category")) or None,
            starts_at=self._moment(parts.get("starts_at")),
            ends_at=self._moment(parts.get("ends_at")),
            reason=self.reader.text(parts.get("reason")),
            source=self.reader.text(parts.get("source")),
        )

    def _override(self, node: Node, own: str) -> CaseOverride:
        parts = self.reader.fields(node, node.place, ("ends_at",), ("rule", "channel", "category", "starts_at"))
        named = parts.get("rule")
        rule_id = own if named is None else self.reader.text(named)
        if named is not None and rule_id and rule_id not in self.policies:
            self.findings.unknown(named.place, "unknown_rule", "rule", rule_id, self.policies)
        return CaseOverride(
            rule_id=rule_id,
            ends_at=self._moment(parts.get("ends_at")) or _MOMENT,
            channel=self.reader.word(parts["channel"], CHANNELS) if "channel" in parts else None,
            category=self.reader.text(parts.get("category")) or None,
            starts_at=self._moment(parts.get("starts_at")),
        )

    def _offer(self, node: Node, needed: str) -> CaseOffer:
        known = {"campaign", "offering", "categories", "score", "priority", "similar_to", "at"}
        required = ("campaign", "offering", "categories", needed)
        parts = self.reader.fields(node, node.place, required, sorted(known - set(required)))
        categories = tuple(self.reader.text(one) for one in self.reader.items(parts.get("categories")))
        if "categories" in parts and not categories:
            self.findings.add(parts["categories"].place, "empty_list", "an offering is of at least one category")
        score = read_decimal(parts["score"], _SCORE_DECIMALS, self.findings) if "score" in parts else None
        return CaseOffer(
            campaign=self.reader.text(parts.get("campaign")),
            offering=self.reader.text(parts.get("offering")),
            categories=categories or ("",),
            score=float(score or 0),
            priority=self.reader.whole(parts["priority"], least=0) if "priority" in parts else 50,
            similar_to=self.reader.names(parts.get("similar_to")),
            at=self._moment(parts.get("at")),
        )

    def _beside(self, node: Node | None, known: Collection[str]) -> tuple[str, ...]:
        found = []
        for item in self.reader.items(node):
            name = self.reader.text(item)
            if name and name not in known:
                self.findings.unknown(item.place, "unknown_rule", "rule", name, known)
            elif name:
                found.append(name)
        return tuple(dict.fromkeys(found))

    def _next(self, node: Node | None) -> datetime | None:
        is_never = isinstance(node, Scalar) and node.kind == "null"
        return None if is_never else self._moment(node)

    def _moment(self, node: Node | None) -> datetime | None:
        return None if node is None else read_moment(node, self.findings)


def read_moment(node: Node, findings: Findings) -> datetime | None:
    """Return a moment with its UTC offset, or None after noting why not. Code: bad_moment."""
    text = node.text if isinstance(node, Scalar) else ""
    try:
        moment = datetime.fromisoformat(text)
        offset = moment.utcoffset()
    except ValueError:
        moment, offset = None, None
    if moment is not None and offset is not None and _is_planned(moment):
        return moment
    shown = repr(text) if text else "a group"
    years = f"between {_FIRST_YEAR} and {_LAST_YEAR}"
    message = f"expected a moment {years} with its UTC offset, like 2026-03-02T10:00:00+08:00, got {shown}"
    findings.add(node.place, "bad_moment", message)
    return None


def read_case_day(node: Node, reader: Reader) -> date | None:
    """Return a day of judgement, or None after noting why not. Code: bad_date."""
    day = reader.day(node)
    if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        reader.findings.add(node.place, "bad_date", f"expected a day between {_FIRST_YEAR} and {_LAST_YEAR}, got {day}")
        return None
    return day


def _is_planned(moment: datetime) -> bool:
    """Tell whether all spans of the rule language, added or taken away, lead to moments that can be said."""
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR
